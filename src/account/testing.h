// What the tests of this module start from: a simulated loop, an engine in memory, a directory, and a hash
// that is quick, counted, and can be held up.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>

#include "account/directory.h"
#include "account/password.h"
#include "net/scope.h"
#include "net/testing.h"
#include "store/memory.h"

namespace pabal::account {

inline Address address(std::string_view text) {
  auto parsed = Address::parse(text);
  EXPECT_TRUE(parsed) << text;
  return *std::move(parsed);
}
inline DomainName domain(std::string_view text) {
  auto parsed = DomainName::parse(text);
  EXPECT_TRUE(parsed) << text;
  return *std::move(parsed);
}

/// Counts, since what tells accounts apart by time is how often a hash is made.
class CountingHasher final : public PasswordHasher {
 public:
  Result<std::string> hash(std::string_view password) const override {
    count();
    return fmt::format("v{}:{}:{}", parameters.load(), ++salt_, password);
  }
  Result<bool> verify(std::string_view stored, std::string_view password) const override {
    count();
    return stored.substr(stored.find(':', stored.find(':') + 1) + 1) == password;
  }
  bool is_outdated(std::string_view stored) const override {
    return !stored.starts_with(fmt::format("v{}:", parameters.load()));
  }

  /// Until release(), every hash waits.
  void hold() {
    const std::scoped_lock lock(mutex_);
    held_ = true;
  }
  void release() {
    const std::scoped_lock lock(mutex_);
    held_ = false;
    changed_.notify_all();
  }

  int calls() const { return calls_; }
  std::atomic<int> parameters = 1;

 private:
  void count() const {
    ++calls_;
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return !held_; });
  }

  mutable std::atomic<int> calls_ = 0;
  mutable std::atomic<int> salt_ = 0;
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  bool held_ = false;
};

class DirectoryTest : public testing::Test {
 protected:
  template <class T>
  T run(net::Task<T> task) {
    return sim_.run_until_done(std::move(task));
  }
  /// What the task gives, which must not fail.
  template <class T>
  T must(net::Task<Result<T>> task) {
    auto result = sim_.run_until_done(std::move(task));
    if (!result) ADD_FAILURE() << result.error().detail;
    return std::move(result).value();
  }
  void must(net::Task<Result<void>> task) {
    const auto result = sim_.run_until_done(std::move(task));
    EXPECT_TRUE(result) << result.error().detail;
  }
  /// What the refusal says.
  template <class T>
  std::string refused(net::Task<Result<T>> task) {
    const auto result = sim_.run_until_done(std::move(task));
    if (result) return "not refused";
    EXPECT_EQ(result.error().kind, ErrorKind::kRefuse) << result.error().detail;
    return result.error().detail;
  }

  AccountId add_account(std::string_view login) {
    return must(directory_.add_account({.login = address(login)})).id;
  }
  void add_alias(std::string_view from, std::vector<std::string> to) {
    Alias alias{address(from), {}};
    for (const std::string& target : to) alias.targets.push_back(address(target));
    must(directory_.add_alias(std::move(alias)));
  }

  net::SimulatedLoop sim_;
  std::unique_ptr<store::Engine> engine_ = store::make_memory_engine();
  Directory directory_{*engine_, sim_.clock()};
};

}  // namespace pabal::account
