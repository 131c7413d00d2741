#include "net/input_buffer.h"

#include <cstring>

#include "base/check.h"

namespace pabal::net {

namespace {
/// A remainder up to this size is worth a copy to free its block while the peer takes its time.
constexpr std::size_t kMaxShrunkBytes = kBlockBytes / 4;
}  // namespace

void InputBuffer::consume(std::size_t size_bytes) {
  PABAL_CHECK(size_bytes <= end_ - begin_);
  begin_ += size_bytes;
  if (begin_ == end_) release();
}

std::span<char> InputBuffer::room() {
  const std::size_t size = end_ - begin_;
  if (capacity_ < kBlockBytes) {
    move_to(pool_.take(), kBlockBytes);
  } else if (end_ == capacity_ && size <= capacity_ / 2) {
    std::memmove(memory_.get(), memory_.get() + begin_, size);
    begin_ = 0;
    end_ = size;
  } else if (end_ == capacity_) {
    const std::size_t larger = 2 * capacity_;
    move_to(BlockPool::Memory(new char[larger]), larger);
  }
  return {memory_.get() + end_, capacity_ - end_};
}

void InputBuffer::shrink() {
  const std::size_t size = end_ - begin_;
  if (size == 0 || size > kMaxShrunkBytes || capacity_ < kBlockBytes) return;
  move_to(BlockPool::Memory(new char[size]), size);
}

void InputBuffer::move_to(BlockPool::Memory memory, std::size_t capacity) {
  const std::size_t size = end_ - begin_;
  if (size > 0) std::memcpy(memory.get(), memory_.get() + begin_, size);
  release();
  memory_ = std::move(memory);
  capacity_ = capacity;
  end_ = size;
}

void InputBuffer::release() {
  if (capacity_ == kBlockBytes) pool_.give_back(std::move(memory_));
  memory_.reset();
  capacity_ = begin_ = end_ = 0;
}

}  // namespace pabal::net
