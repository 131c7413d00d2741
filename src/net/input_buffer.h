// Received bytes that wait to be used. Holds memory only while bytes are in it: one block of the loop's
// pool while reading, a piece of just their size while waiting for the rest of a line, more than
// a block only for a line that is longer. One loop's thread.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

#include "net/block_pool.h"

namespace pabal::net {

class InputBuffer {
 public:
  explicit InputBuffer(BlockPool& pool) : pool_(pool) {}
  ~InputBuffer() { release(); }
  InputBuffer(const InputBuffer&) = delete;
  InputBuffer& operator=(const InputBuffer&) = delete;

  std::string_view bytes() const { return {memory_.get() + begin_, end_ - begin_}; }
  bool empty() const { return begin_ == end_; }

  /// Drops the first bytes; memory goes back when none is left.
  void consume(std::size_t size_bytes);
  /// Room behind the bytes, at least one byte; grows beyond a block only if the bytes fill it.
  std::span<char> room();
  void add(std::size_t size_bytes) { end_ += size_bytes; }
  /// Before a wait: holds a few bytes in a piece of their size.
  void shrink();

 private:
  void move_to(BlockPool::Memory memory, std::size_t capacity);
  void release();

  BlockPool& pool_;
  BlockPool::Memory memory_;
  std::size_t capacity_ = 0;  // kBlockBytes means: of the pool
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

}  // namespace pabal::net
