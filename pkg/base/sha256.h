// File: sha256.h
//
// SHA-256 (FIPS 180-4), from OpenSSL. For telling things apart where somebody might want two of
// them to look alike; for accidents crc32c.h is enough.
#pragma once

#include <string>
#include <string_view>

namespace baton {

inline constexpr size_t kSha256Bytes = 32;

// The digest, kSha256Bytes long, not as text.
std::string Sha256(std::string_view bytes);

}  // namespace baton
