// The command line's end of the control socket.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>

#include "app/admin.h"
#include "base/json.h"
#include "base/result.h"
#include "net/connection.h"
#include "net/task.h"

namespace pabal::app {

/// How long a server may be silent within an answer. A backup or a sweep of a large store takes its time.
inline constexpr std::chrono::hours kAnswerPatience{2};
inline constexpr std::chrono::seconds kConnectPatience{5};

class ControlClient {
 public:
  /// kRetryLater: nobody listens at that path. kRefuse: we may not, or what answers is no server.
  static net::Task<Result<std::unique_ptr<ControlClient>>> connect(std::filesystem::path socket);

  /// Takes over a connection that is open already.
  ControlClient(net::Loop& loop, std::unique_ptr<net::Stream> stream)
      : connection_(loop, std::move(stream)) {}

  /// Items and progress go to `reply` as they come.
  net::Task<Result<Json>> call(std::string method, Json params, Reply& reply);

 private:
  net::Connection connection_;
};

}  // namespace pabal::app
