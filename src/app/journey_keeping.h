// What journeys need beside being written: an index that keeps up, with what a crash kept out of it, and an
// end when they are old. Lives on one loop.
#pragma once

#include <chrono>

#include "base/clock.h"
#include "base/log.h"
#include "journey/index.h"
#include "journey/retention.h"
#include "net/scope.h"
#include "net/task.h"
#include "store/engine.h"

namespace pabal::app {

class JourneyKeeping {
 public:
  /// Everything must outlive it.
  JourneyKeeping(store::Engine& engine, journey::Index& index, journey::Places& places, const Clock& clock,
                 journey::RetentionOptions options, Logger log);

  /// Until cancelled.
  net::Task<void> run(net::Scope::OnBug on_bug);

 private:
  net::Task<void> catch_up();
  net::Task<void> forget_now_and_then();
  net::Task<Result<journey::Forgotten>> forget();

  journey::Index& index_;
  journey::Places& places_;
  const Clock& clock_;
  journey::Retention retention_;
  const Logger log_;
};

}  // namespace pabal::app
