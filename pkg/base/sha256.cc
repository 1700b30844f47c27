#include "pkg/base/sha256.h"

#include <openssl/evp.h>

#include "pkg/base/check.h"

namespace baton {

std::string Sha256(std::string_view bytes) {
  std::string digest(kSha256Bytes, '\0');
  unsigned int size = 0;
  const int done =
      EVP_Digest(bytes.data(), bytes.size(), reinterpret_cast<unsigned char*>(digest.data()), &size,
                 EVP_sha256(), nullptr);
  CHECK(done == 1 && size == kSha256Bytes);
  return digest;
}

}  // namespace baton
