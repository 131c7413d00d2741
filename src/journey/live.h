// Those who look on while letters travel. What happens reaches them when it is durable; a line of a dialogue
// when it crosses the wire. Nobody waits for them: who looks on too slowly misses some, and hears how much.
//
// Any thread may tell; a Following lives on one loop.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "journey/journal.h"
#include "net/loop.h"
#include "net/task.h"

namespace pabal::journey {

/// Each costs every letter a little, and none is a program that needs hundreds.
inline constexpr std::size_t kMaxFollowers = 64;
/// What waits for one of them; a person reads no faster.
inline constexpr std::size_t kMaxFollowerBytes = 1024 * 1024;

/// A line of a dialogue, on its way.
struct Overheard {
  JourneyId id;
  WallTime at = {};
  WireLine::From from = WireLine::From::kUs;
  std::string text = {};
};

struct News {
  std::variant<std::shared_ptr<const Entry>, Overheard> what;
  std::uint64_t missed = 0;  ///< how many were lost right before this one
};

class Following;

class Live {
 public:
  explicit Live(const Clock& clock) : clock_(clock) {}
  /// Every Following must be gone.
  ~Live();
  Live(const Live&) = delete;
  Live& operator=(const Live&) = delete;

  /// One letter, or all. kOverLimit: too many follow already. kClose: after close().
  Result<std::unique_ptr<Following>> follow(std::optional<JourneyId> only = {});

  bool anybody() const { return followers_.load(std::memory_order_relaxed) != 0; }
  void committed(const Entry& entry);
  void overheard(JourneyId id, WireLine::From from, std::string_view line);
  /// Ends them all: the server stops.
  void close();

 private:
  friend class Following;
  void leave(Following& following);
  void tell(JourneyId id, const std::variant<std::shared_ptr<const Entry>, Overheard>& what,
            std::size_t bytes);

  const Clock& clock_;
  std::atomic<std::size_t> followers_{0};
  std::mutex mutex_;
  bool closed_ = false;
  std::vector<Following*> list_;
};

class Following {
 public:
  ~Following();
  Following(const Following&) = delete;
  Following& operator=(const Following&) = delete;

  /// The next that happens. kDeadline: nothing did; kCancelled; kClose: the server stops.
  net::Task<Result<News>> next(net::Deadline deadline);

 private:
  friend class Live;
  struct Waiting;
  Following(Live& live, std::optional<JourneyId> only);

  Live& live_;
  const std::optional<JourneyId> only_;
  std::unique_ptr<Waiting> waiting_;
};

}  // namespace pabal::journey
