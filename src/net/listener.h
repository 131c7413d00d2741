// Accepts connections on one endpoint for one loop, and owns the sessions that it starts. Several loops
// share a TCP port (SO_REUSEPORT): net/server_loops.h opens one listener on each.
//
// Lives on its loop's thread, but for counters(), which any thread may read.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "net/limits.h"
#include "net/scope.h"
#include "net/stream.h"

namespace pabal::net {

class Descriptor;
class UniqueFd;

struct ListenerOptions {
  Endpoint endpoint;  ///< port 0 takes a free one
  int backlog = 1024;
  unsigned unix_mode = 0660;  ///< of a Unix socket's file
  /// Each connection begins with a PROXY header (v1 or v2), and only these networks may connect at all:
  /// whoever else could send one could claim to be anybody.
  bool proxy_protocol = false;
  std::vector<Network> proxy_networks = {};
  std::chrono::nanoseconds proxy_timeout = std::chrono::seconds(10);
  ConnectionLimits* limits = nullptr;  ///< shared; outlives the listener
};

struct ListenerHandlers {
  /// One session. It may wait for its peer's next command under `draining`, which is cancelled when the
  /// server wants to stop: `co_await std::move(read).in({&loop, &draining})`. Told to stop for good
  /// (kCancelled everywhere) it may still write last words, which are tried without waiting.
  std::function<Task<void>(std::unique_ptr<Stream>, CancelSource& draining)> serve;
  /// What a peer is told that a limit turns away, in its protocol's words; may be empty.
  std::function<std::string(Admission)> refuse = {};
  /// Trouble for the log, in words; the same one not again until it has passed.
  std::function<void(std::string_view)> on_trouble = {};
  /// See Scope::OnBug.
  Scope::OnBug on_bug = {};
};

struct ListenerCounters {
  std::atomic<std::uint64_t> accepted{0};
  std::atomic<std::uint64_t> refused{0};        ///< by limits
  std::atomic<std::uint64_t> proxy_failed{0};   ///< no PROXY header, a bad one, or from where none may come
  std::atomic<std::uint64_t> accept_failed{0};  ///< no descriptors or memory
  std::atomic<std::uint64_t> open{0};
};

class Listener {
 public:
  /// Binds and listens; accepts nothing yet. The error names the endpoint and says what to do.
  static Result<std::unique_ptr<Listener>> open(Loop& loop, ListenerOptions options,
                                                ListenerHandlers handlers);
  /// drain() must have ended.
  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  const Endpoint& local() const { return local_; }
  const ListenerCounters& counters() const { return counters_; }
  std::size_t sessions() const { return sessions_.size(); }

  void start();
  /// Stops accepting (those in the queue are still served, if it was started), lets sessions end by
  /// themselves until the deadline, then cancels them, and returns when all have ended.
  Task<void> drain(Deadline deadline);

 private:
  Listener(Loop& loop, std::unique_ptr<Descriptor> descriptor, ListenerOptions options,
           ListenerHandlers handlers);

  Task<void> accept_connections();
  bool accept_queued(int at_most);
  void take(UniqueFd fd);
  Task<void> serve(std::unique_ptr<Stream> stream, ConnectionLimits::Place place);
  Task<void> serve_proxied(std::unique_ptr<Stream> stream);
  void admit(std::unique_ptr<Stream> stream);
  void trouble(std::string text);

  Loop& loop_;
  std::unique_ptr<Descriptor> descriptor_;
  const ListenerOptions options_;
  const ListenerHandlers handlers_;
  Endpoint local_;
  ListenerCounters counters_;
  std::string last_trouble_;
  bool started_ = false;
  CancelSource draining_;
  Scope accepting_;
  Scope sessions_;
};

}  // namespace pabal::net
