// Who of a letter's recipients was refused while its sender listened. If the letter comes in for others, its
// journey tells: "where is my mail?" is asked by those who did not get it, too. A value.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include "account/address.h"
#include "base/clock.h"
#include "smtp/reply.h"

namespace pabal::delivery {

class Refusals {
 public:
  /// More than these are counted only: somebody tries out names.
  static constexpr std::size_t kMaxTold = 20;

  struct Refusal {
    account::Address recipient;
    smtp::Reply reply;
    WallTime at = {};
  };

  void add(Refusal refusal) {
    ++count_;
    if (told_.size() < kMaxTold) told_.push_back(std::move(refusal));
  }
  const std::vector<Refusal>& told() const { return told_; }
  std::size_t untold() const { return count_ - told_.size(); }

 private:
  std::vector<Refusal> told_;
  std::size_t count_ = 0;
};

}  // namespace pabal::delivery
