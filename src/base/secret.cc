#include "base/secret.h"

#include <openssl/crypto.h>

#include <cstring>

#include "base/digest.h"

namespace pabal {

void wipe(std::string& text) {
  text.resize(text.capacity());  // what an earlier, longer content left behind
  OPENSSL_cleanse(text.data(), text.size());
  text.clear();
}

Secret::Secret(std::string_view bytes) : size_(bytes.size()) {
  if (bytes.empty()) return;
  bytes_ = std::make_unique<char[]>(bytes.size());
  std::memcpy(bytes_.get(), bytes.data(), bytes.size());
}

Secret Secret::taken_from(std::string& source) {
  Secret secret(source);
  wipe(source);
  return secret;
}

Secret::~Secret() {
  if (bytes_) OPENSSL_cleanse(bytes_.get(), size_);
}

bool Secret::equals(std::string_view other) const { return equals_in_constant_time(reveal(), other); }

}  // namespace pabal
