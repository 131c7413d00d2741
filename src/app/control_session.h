// One client of the control socket, from its first line to its last.
#pragma once

#include <chrono>

#include "app/admin.h"
#include "base/log.h"
#include "net/cancel.h"
#include "net/connection.h"
#include "net/task.h"

namespace pabal::app {

/// How long a client may take for one line, or for reading one. A script sends at once; nobody types here.
inline constexpr std::chrono::seconds kControlPatience{60};

/// Answers requests, one after the other, until the client ends, is too slow, or `draining` is cancelled
/// between two of them. Methods' names and outcomes are logged, never their parameters: passwords are among
/// them. A method under way is finished even if its client goes: a half-made change helps nobody.
net::Task<void> serve_control(net::Connection& connection, Admin& admin, Logger log,
                              net::CancelSource& draining);

}  // namespace pabal::app
