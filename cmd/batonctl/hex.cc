#include "cmd/batonctl/hex.h"

#include "pkg/base/bytes.h"

namespace baton::batonctl {

std::string Hex64(uint64_t number) {
  std::string bytes;
  ByteWriter(&bytes).U64BigEndian(number);
  return ToHex(bytes);
}

}  // namespace baton::batonctl
