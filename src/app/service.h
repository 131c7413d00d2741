// A part of the server that other people talk to: a protocol with its listeners, or the control socket.
//
// The wiring calls it from the server's main thread, in this order: bind, start, reload any number of times,
// drain. Each may block for as long as it must; sessions run on the loops meanwhile.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "app/config.h"
#include "base/result.h"

namespace pabal::app {

class Service {
 public:
  virtual ~Service() = default;

  virtual std::string_view name() const = 0;

  /// Takes its addresses. Only root may take some, so this comes before root is given up, and so before there
  /// is a store. The error says what is in the way and what to do.
  virtual Result<void> bind() { return {}; }

  /// Lets sessions begin: all that it works with is there now.
  virtual Result<void> start() = 0;

  /// A new configuration is in force. It has passed every check; what can't be had now (a certificate that
  /// went away) stays as it was, and is told in the returned words.
  virtual Result<void> reload(const Config&) { return {}; }

  /// Takes no new sessions, waits until those that are there have ended, cuts off the rest when `patience` is
  /// over, and returns when none is left. Also after bind() alone.
  virtual void drain(std::chrono::nanoseconds patience) = 0;

  /// For status: where it listens, and how many are there. Any thread.
  virtual std::vector<std::string> addresses() const = 0;
  virtual std::size_t sessions() const = 0;
};

}  // namespace pabal::app
