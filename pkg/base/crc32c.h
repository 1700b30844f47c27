// File: crc32c.h
//
// CRC-32C (Castagnoli polynomial 0x1EDC6F41, reflected 0x82F63B78; RFC 3720 appendix B.4 has test
// vectors). Every stored record and log entry carries one. Debian 12 packages no library for it, so
// this is ours: the SSE4.2 instruction where the processor has it, a table elsewhere.
#pragma once

#include <cstdint>
#include <string_view>

namespace baton {

// The checksum of `bytes`, continuing from `crc` (0 to start). Crc32c(b, Crc32c(a)) == Crc32c(a +
// b).
uint32_t Crc32c(std::string_view bytes, uint32_t crc = 0);

namespace internal {
// The portable form; Crc32c gives the same answer on every processor.
uint32_t Crc32cByTable(std::string_view bytes, uint32_t crc);
}  // namespace internal

}  // namespace baton
