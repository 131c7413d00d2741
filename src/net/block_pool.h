// Buffers of one size that a loop's connections share: one is taken while bytes are in it and given
// back when it is empty, so that ten thousand idle connections hold none. One loop's thread.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <utility>
#include <vector>

namespace pabal::net {

/// A whole TLS record's plaintext (RFC 8446 §5.1), and a good size for one read of a busy socket.
inline constexpr std::size_t kBlockBytes = 16 * 1024;

class BlockPool {
 public:
  using Memory = std::unique_ptr<char[]>;

  /// Kept for the next taker; what is given back beyond that is freed. One mebibyte a loop.
  static constexpr std::size_t kMaxSpare = 64;

  Memory take() {
    if (spare_.empty()) return Memory(new char[kBlockBytes]);
    Memory block = std::move(spare_.back());
    spare_.pop_back();
    return block;
  }
  void give_back(Memory block) {
    if (block && spare_.size() < kMaxSpare) spare_.push_back(std::move(block));
  }

 private:
  std::vector<Memory> spare_;
};

/// A block on loan, or none. The pool must outlive it.
class Block {
 public:
  Block() = default;
  explicit Block(BlockPool& pool) : pool_(&pool), memory_(pool.take()) {}
  ~Block() { reset(); }
  Block(Block&& other) noexcept : pool_(other.pool_), memory_(std::move(other.memory_)) {}
  Block& operator=(Block&& other) noexcept {
    if (this != &other) {
      reset();
      pool_ = other.pool_;
      memory_ = std::move(other.memory_);
    }
    return *this;
  }

  explicit operator bool() const { return memory_ != nullptr; }
  char* data() { return memory_.get(); }
  const char* data() const { return memory_.get(); }
  std::span<char> span() { return {memory_.get(), kBlockBytes}; }
  void reset() {
    if (memory_) pool_->give_back(std::move(memory_));
  }

 private:
  BlockPool* pool_ = nullptr;
  BlockPool::Memory memory_;
};

}  // namespace pabal::net
