// Whether a password fits a stored hash, at the price of one hash for all who ask the same at the same time
// or shortly after: a mail client opens ten connections at once, and each logs in.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "account/password.h"
#include "base/clock.h"
#include "base/lru_map.h"
#include "base/random.h"
#include "base/result.h"
#include "base/secret.h"
#include "net/handoff.h"
#include "net/task.h"
#include "net/worker_pool.h"

namespace pabal::account::detail {

struct ProverOptions {
  std::chrono::seconds proven_lifetime{300};
  std::size_t max_proven = 10'000;
};

/// Any loop's thread; nothing waits under its lock.
class PasswordProver {
 public:
  PasswordProver(const PasswordHasher& hasher, net::WorkerPool& pool, const Clock& clock, Random& random,
                 ProverOptions options);

  enum class Answer { kWrong, kProvenNow, kProvenBefore };

  /// `subject` keeps accounts apart. An empty `stored` stands for none: it is as much work, and always wrong.
  /// A proof is bound to `stored`, so that a new password (with its new salt) ends those of the old one.
  net::Task<Result<Answer>> prove(std::string_view subject, std::string_view stored, const Secret& password);

 private:
  using Key = std::string;  // a keyed hash of subject, stored and password: none of them stays in memory
  using Waiter = net::Handoff<Result<Answer>>;
  struct Job {
    Key key;
    std::string stored;
    Secret password;
  };

  Key key_of(std::string_view subject, std::string_view stored, const Secret& password) const;
  Result<Answer> work(const Job& job) const;
  /// Takes all who wait for the job, and tells them.
  void finish(const Key& key, const Result<Answer>& answer);

  const PasswordHasher& hasher_;
  net::WorkerPool& pool_;
  const Clock& clock_;
  const ProverOptions options_;
  const std::string process_key_;

  std::mutex mutex_;
  LruMap<Key, MonoTime> proven_until_;
  std::unordered_map<Key, std::vector<Waiter*>> waiting_;
};

}  // namespace pabal::account::detail
