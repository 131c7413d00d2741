// A credential in memory: a password, a key, a token. It has no formatter and converts to nothing, so
// that logging one does not compile; its bytes are overwritten when it goes. Whoever needs the bytes says
// so with reveal(), which is easy to find in a review.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace pabal {

/// Overwrites the bytes, in a way that the compiler does not leave out, and empties the string.
void wipe(std::string& text);

class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string_view bytes);
  /// Takes the bytes, and wipes where they were.
  static Secret taken_from(std::string& source);
  ~Secret();
  Secret(Secret&& other) noexcept : bytes_(std::move(other.bytes_)), size_(std::exchange(other.size_, 0)) {}
  Secret& operator=(Secret&& other) noexcept {
    bytes_.swap(other.bytes_);
    std::swap(size_, other.size_);
    return *this;
  }
  /// A copy is deliberate.
  Secret copy() const { return Secret(reveal()); }

  bool empty() const { return size_ == 0; }
  std::size_t size() const { return size_; }
  /// Good while this object lives.
  std::string_view reveal() const { return {bytes_.get(), size_}; }

  /// In a time that does not tell where they differ.
  bool equals(std::string_view other) const;
  bool operator==(const Secret& other) const { return equals(other.reveal()); }

 private:
  std::unique_ptr<char[]> bytes_;  // not a string: a short one would be copied, not moved, and stay behind
  std::size_t size_ = 0;
};

}  // namespace pabal
