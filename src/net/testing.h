// A loop whose time the test owns: whenever nothing else can happen, its clock jumps to the next timer.
#pragma once

#include "base/clock.h"
#include "net/loop.h"

namespace pabal::net {

class SimulatedLoop {
 public:
  Loop& loop() { return loop_; }
  ManualClock& clock() { return clock_; }

  template <class T>
  T run_until_done(Task<T> task) {
    detail::Outcome<T> outcome;
    detail::run_to_outcome(std::move(task), outcome).start({&loop_, nullptr});
    while (!outcome.done) step();
    return detail::take(outcome);
  }

  /// Runs all that can happen now, and lets no time pass.
  void settle() {
    while (loop_.run_ready() > 0 || loop_.expects_results()) {
      if (loop_.expects_results()) loop_.run_one();
    }
  }

 private:
  void step() {
    if (loop_.run_ready() > 0) return;
    const auto next = loop_.next_timer();
    if (loop_.expects_results() || !next) {
      loop_.run_one();
    } else {
      clock_.advance_to(*next);
    }
  }

  ManualClock clock_;
  Loop loop_{clock_};
};

}  // namespace pabal::net
