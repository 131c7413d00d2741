// Several loops at once, each on its own thread, at one directory and one door: what ThreadSanitizer looks
// at.
#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "account/authenticator.h"
#include "account/testing.h"
#include "net/loop.h"

namespace pabal::account {
namespace {

constexpr std::string_view kPassword = "correct horse";

class Quiet final : public LoginObserver {
 public:
  void on_login(const LoginEvent& event) override { ++(event.refused ? refused : opened); }
  std::atomic<int> opened = 0;
  std::atomic<int> refused = 0;
};

struct Server {
  SystemClock clock;
  SystemRandom random;
  std::unique_ptr<store::Engine> engine = store::make_memory_engine();
  CountingHasher hasher;
  net::WorkerPool pool{{.name = "hash", .threads = 2, .max_queued = 64}};
  Directory directory{*engine, clock};
  Credentials credentials{directory, hasher, pool, clock, random, {.scram_iterations = 4096}};
  LoginThrottle throttle{clock};
  Quiet quiet;
  Authenticator door{directory, credentials, throttle, random, quiet};
};

net::Task<Result<void>> set_up(Server& server) {
  PABAL_CO_TRY_VOID(co_await server.directory.add_domain(domain("example.org")));
  for (const std::string name : {"bob", "eve"}) {
    PABAL_CO_TRY(const auto account,
                 co_await server.directory.add_account({.login = address(name + "@example.org")}));
    PABAL_CO_TRY_VOID(co_await server.credentials.set_password(account.id, Secret(kPassword)));
  }
  co_return Result<void>{};
}

net::Task<void> use(Server& server, int rounds) {
  const ClientInfo client{.protocol = Protocol::kImap,
                          .peer = net::TcpEndpoint{net::IpAddress::loopback_v4(), 1}};
  for (int i = 0; i < rounds; ++i) {
    const auto right = co_await server.door.login(client, "bob@example.org", Secret(kPassword));
    EXPECT_TRUE(right) << right.error().text;
    // The same wrong password each time, so that the throttle does not make the test wait.
    const auto wrong = co_await server.door.login(client, "eve@example.org", Secret("wrong password"));
    EXPECT_FALSE(wrong);
    const auto found = co_await server.directory.resolve(address("bob+tag@example.org"));
    EXPECT_TRUE(found && std::holds_alternative<LocalRecipient>(*found));
  }
}

net::Task<void> change(Server& server, int rounds, int thread) {
  for (int i = 0; i < rounds; ++i) {
    const auto renamed = co_await server.directory.set_display_name(AccountId(1), fmt::format("Bob {}", i));
    EXPECT_TRUE(renamed) << renamed.error().detail;
    const auto added = co_await server.directory.add_account(
        {.login = address(fmt::format("u{}.{}@example.org", thread, i))});
    EXPECT_TRUE(added) << added.error().detail;
  }
}

net::Task<void> follow(Directory& directory) { (void)co_await directory.follow_changes(); }

TEST(Threads, ShareOneDirectoryAndOneDoor) {
  constexpr int kRounds = 40;
  constexpr int kThreads = 3;
  Server server;
  net::Loop loop(server.clock);
  ASSERT_TRUE(loop.run_until_done(set_up(server)));

  net::Scope scope(loop);
  scope.spawn(follow(server.directory));
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&server, i] {
      net::Loop own(server.clock);
      own.run_until_done(use(server, kRounds));
      own.run_until_done(change(server, kRounds / 4, i));
    });
  }
  loop.run_until_done(change(server, kRounds / 4, kThreads));
  for (std::thread& thread : threads) thread.join();
  scope.cancel();
  loop.run_until_done(scope.join());

  EXPECT_EQ(server.quiet.opened, kThreads * kRounds);
  EXPECT_EQ(server.quiet.refused, kThreads * kRounds);
  const auto found = loop.run_until_done(server.directory.find_domain(domain("example.org")));
  EXPECT_EQ((*found)->address_count, 2u + (kThreads + 1) * (kRounds / 4));
}

TEST(Threads, RealHashesWorkThroughTheDoor) {
  Server server;
  const auto argon = make_argon2id_hasher({.memory_bytes = 64 * 1024, .passes = 1});
  Credentials credentials(server.directory, *argon, server.pool, server.clock, server.random,
                          {.scram_iterations = 4096});
  Authenticator door(server.directory, credentials, server.throttle, server.random, server.quiet);
  net::Loop loop(server.clock);
  ASSERT_TRUE(loop.run_until_done(set_up(server)));
  ASSERT_TRUE(loop.run_until_done(credentials.set_password(AccountId(1), Secret(kPassword))));
  const ClientInfo client{.protocol = Protocol::kImap,
                          .peer = net::TcpEndpoint{net::IpAddress::loopback_v4(), 1}};
  EXPECT_TRUE(loop.run_until_done(door.login(client, "bob@example.org", Secret(kPassword))));
  EXPECT_FALSE(loop.run_until_done(door.login(client, "bob@example.org", Secret("wrong password"))));
}

}  // namespace
}  // namespace pabal::account
