// Many clients at once on one thread: each says its next command when it has the answer to the last.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "connection.h"

namespace pabal::bench {

/// One client's part. It hears the greeting first.
class Client {
 public:
  virtual ~Client() = default;
  struct Step {
    enum class Kind {
      kSay,     ///< `text` is a command
      kAnew,    ///< on a new connection, from the greeting on
      kRest,    ///< keep the connection, and be silent
      kFinish,  ///< close it
    };
    Kind kind;
    std::string text = {};
  };
  /// `reply` answers the last command; it is OK or a "+".
  virtual Step next(const Reply& reply) = 0;
};

/// Lets them all speak until each has finished or rests. Dies if a reply is neither OK nor "+". At most
/// `opening` connections are between their first byte and their first rest at one time, so that no backlog
/// overflows; those that rest are returned.
std::vector<std::unique_ptr<Connection>> run_crowd(const Server& server,
                                                   std::vector<std::unique_ptr<Client>> clients,
                                                   std::size_t opening);

}  // namespace pabal::bench
