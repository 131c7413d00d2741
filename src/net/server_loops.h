// The server's loops, one a thread, and the listeners that stand on all of them.
#pragma once

#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "net/listener.h"
#include "net/loop.h"

namespace pabal::net {

/// Started when built; any thread that is not a loop's may call.
class ServerLoops {
 public:
  /// The clock must outlive it. `count` of 0 means one a processor.
  ServerLoops(const Clock& clock, std::size_t count, const std::string& name = "loop");
  /// Stops the threads where they are: drain what runs on them first.
  ~ServerLoops();
  ServerLoops(const ServerLoops&) = delete;
  ServerLoops& operator=(const ServerLoops&) = delete;

  std::size_t size() const { return loops_.size(); }
  Loop& loop(std::size_t index) { return *loops_[index]; }

  /// Runs a task on each loop, all at the same time, and waits until the last has ended. An exception
  /// comes back to the caller, the first of them if there are several.
  void run_on_each(const std::function<Task<void>(Loop& loop, std::size_t index)>& task);

 private:
  std::vector<std::unique_ptr<Loop>> loops_;
  std::vector<std::thread> threads_;
};

/// A listener on each loop for one endpoint; a Unix socket is listened on by the first loop alone.
class Listeners {
 public:
  /// Binds them; nobody is let in before start(), so that ports can be taken while there is nothing behind
  /// them yet. Port 0 becomes the same free port on all loops. `handlers` is called for each loop, on its
  /// thread. `loops` must outlive the listeners.
  static Result<std::unique_ptr<Listeners>> bind(ServerLoops& loops, ListenerOptions options,
                                                 const std::function<ListenerHandlers(Loop&)>& handlers);
  void start();
  /// bind() and start().
  static Result<std::unique_ptr<Listeners>> open(ServerLoops& loops, ListenerOptions options,
                                                 const std::function<ListenerHandlers(Loop&)>& handlers);
  /// drain() must have been called.
  ~Listeners();

  const Endpoint& local() const { return local_; }
  /// Waits, on the calling thread, until all sessions have ended or were cancelled at that time.
  void drain(std::chrono::nanoseconds patience);
  void add_counters(const std::function<void(const ListenerCounters&)>& add) const;

 private:
  explicit Listeners(ServerLoops& loops) : loops_(loops), listeners_(loops.size()) {}

  ServerLoops& loops_;
  Endpoint local_;
  std::vector<std::unique_ptr<Listener>> listeners_;
};

}  // namespace pabal::net
