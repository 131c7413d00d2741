// Logins a second, each on a new connection: bench/login/README.md tells how to run and read it.
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "account/authenticator.h"
#include "base/log_writer.h"
#include "base/random.h"
#include "net/connection.h"
#include "net/dialer.h"
#include "net/limits.h"
#include "net/scope.h"
#include "net/server_loops.h"
#include "net/tls.h"
#include "store/memory.h"

namespace pabal::account {
namespace {

using namespace std::chrono_literals;
using net::Task;

constexpr std::size_t kAccounts = 100;
constexpr std::string_view kPassword = "wind over the ferry 8";

enum class Kind { kPlain, kTls, kResumed };

struct Plan {
  Kind kind = Kind::kPlain;
  std::string certificate_path = {};  ///< empty: one of our own making
  std::string key_path = {};
  std::size_t clients = 20;
  std::chrono::milliseconds time{3000};
  std::size_t server_loops = 2;
};

[[noreturn]] void die(std::string_view what) {
  fmt::print(stderr, "login_bench: {}\n", what);
  std::_Exit(1);
}

template <class T>
T or_die(Result<T> result) {
  if (!result) die(result.error().detail);
  if constexpr (!std::is_void_v<T>) return *std::move(result);
}

std::chrono::microseconds processor_time() {
  rusage usage;
  ::getrusage(RUSAGE_SELF, &usage);
  const auto micros = [](const timeval& time) {
    return std::chrono::seconds(time.tv_sec) + std::chrono::microseconds(time.tv_usec);
  };
  return micros(usage.ru_utime) + micros(usage.ru_stime);
}

std::string login_of(std::size_t account) { return fmt::format("user{}@example.org", account % kAccounts); }

/// Writes the line that the server writes.
class Observer final : public LoginObserver {
 public:
  explicit Observer(Logger log) : log_(std::move(log)) {}
  void on_login(const LoginEvent& event) override {
    log_.info("login", {{"protocol", to_string(event.protocol)},
                        {"peer", event.peer.to_string()},
                        {"tls", event.tls},
                        {"mechanism", event.mechanism},
                        {"name", event.name},
                        {"account", event.account ? event.account->value() : 0}});
  }

 private:
  const Logger log_;
};

// ---- The server

Task<Result<void>> talk(net::Connection& connection, Authenticator& door, net::Loop& loop) {
  PABAL_CO_TRY_VOID(co_await connection.write("* OK ready\r\n", loop.in(60s)));
  for (;;) {
    PABAL_CO_TRY(const std::string_view line, co_await connection.read_line({}, loop.in(60s)));
    if (!line.starts_with("a LOGIN ")) break;
    const std::string words(line.substr(8));
    const std::size_t space = words.find(' ');
    const auto login =
        co_await door.login(client_info_of(connection.stream(), Protocol::kImap), words.substr(0, space),
                            Secret(std::string_view(words).substr(space + 1)));
    PABAL_CO_TRY_VOID(co_await connection.write(login ? "a OK in\r\n" : "a NO " + login.error().text + "\r\n",
                                                loop.in(60s)));
  }
  PABAL_CO_TRY_VOID(co_await connection.write("* BYE\r\nb OK\r\n", loop.in(60s)));
  co_return co_await connection.finish(loop.in(60s));
}

Task<void> serve(net::Loop& loop, net::TlsServer* tls, Authenticator& door,
                 std::unique_ptr<net::Stream> stream) {
  net::Connection connection(loop, std::move(stream));
  if (tls != nullptr && !co_await connection.start_tls(*tls, loop.in(60s))) co_return;
  std::ignore = co_await talk(connection, door, loop);
}

Task<void> fill(Directory& directory, Credentials& credentials) {
  or_die(co_await directory.add_domain(*DomainName::parse("example.org")));
  for (std::size_t i = 0; i < kAccounts; ++i) {
    const auto account = or_die(co_await directory.add_account({.login = *Address::parse(login_of(i))}));
    or_die(co_await credentials.set_password(account.id, Secret(kPassword)));
  }
}

void run_server(const Plan& plan, int to_client, int from_client) {
  const SystemClock clock;
  SystemRandom random;
  const auto place = std::filesystem::temp_directory_path() / fmt::format("pabal-login-bench-{}", ::getpid());
  std::filesystem::create_directory(place);
  const net::SelfSigned made = or_die(net::make_self_signed({"localhost"}, clock));
  std::ofstream(place / "crt") << made.certificate_pem;
  std::ofstream(place / "key") << made.key_pem;
  const bool own = plan.certificate_path.empty();
  const net::CertificateFiles files{
      .certificate_path = own ? (place / "crt").string() : plan.certificate_path,
      .key_path = own ? (place / "key").string() : plan.key_path};
  const auto tls = or_die(net::TlsServer::load({.certificates = {files}}, clock, random));
  LogWriter log({}, or_die(make_file_log_sink(place / "log")), clock);

  const auto engine = store::make_memory_engine();
  Directory directory(*engine, clock);
  // The first proof of a password is not what is measured.
  const auto hasher = make_argon2id_hasher({.memory_bytes = 64 * 1024, .passes = 1});
  net::WorkerPool pool({.name = "hash", .threads = 2});
  Credentials credentials(directory, *hasher, pool, clock, random, {.store_scram_keys = false});
  LoginThrottle throttle(clock);
  Observer observer{Logger(log)};
  Authenticator door(directory, credentials, throttle, random, observer);
  net::ConnectionLimits limits;

  net::ServerLoops loops(clock, plan.server_loops);
  std::optional<net::Scope> following;
  const auto follow = [&]() -> Task<void> { std::ignore = co_await directory.follow_changes(); };
  loops.run_on_each([&](net::Loop& loop, std::size_t index) -> Task<void> {
    if (index != 0) co_return;
    following.emplace(loop);
    following->spawn(follow());
    co_await fill(directory, credentials);
  });
  auto listeners = or_die(net::Listeners::open(
      loops, {.endpoint = *net::Endpoint::parse("127.0.0.1:0"), .limits = &limits}, [&](net::Loop& loop) {
        return net::ListenerHandlers{.serve = [&](std::unique_ptr<net::Stream> stream, net::CancelSource&) {
          return serve(loop, plan.kind == Kind::kPlain ? nullptr : tls.get(), door, std::move(stream));
        }};
      }));
  const std::uint16_t port = listeners->local().tcp()->port;
  if (::write(to_client, &port, sizeof(port)) != sizeof(port)) die("the clients are gone");
  // They have logged in once each; then the measured ones; their number.
  char byte;
  if (::read(from_client, &byte, 1) != 1) die("the clients are gone");
  const auto before = processor_time();
  std::size_t logins = 0;
  if (::read(from_client, &logins, sizeof(logins)) != sizeof(logins)) die("the clients are gone");
  const auto spent = processor_time() - before;
  fmt::print(", {:.0f} us of the server\n", static_cast<double>(spent.count()) / static_cast<double>(logins));
  listeners->drain(1s);
  loops.run_on_each([&](net::Loop&, std::size_t index) -> Task<void> {
    if (index != 0) co_return;
    following->cancel();
    co_await following->join();
    following.reset();
  });
  std::filesystem::remove_all(place);
}

// ---- The clients

class Clients {
 public:
  Clients(net::Loop& loop, net::Endpoint to, const Plan& plan)
      : loop_(loop), to_(std::move(to)), plan_(plan), tls_(or_die(net::TlsClient::create())) {}

  Task<void> log_in_each_account() {
    for (std::size_t i = 0; i < kAccounts; ++i) or_die(co_await log_in(i, "localhost"));
  }

  Task<std::size_t> log_in_for(std::chrono::milliseconds time) {
    const MonoTime until = loop_.clock().mono() + time;
    net::Scope scope(loop_);
    std::size_t count = 0;
    for (std::size_t i = 0; i < plan_.clients; ++i) scope.spawn(log_in_until(until, i, count));
    co_await scope.join();
    // All but each client's first.
    if (plan_.kind == Kind::kResumed && resumed_ + plan_.clients < count)
      die(fmt::format("{} of {} connections resumed their session", resumed_, count));
    co_return count;
  }

 private:
  Task<void> log_in_until(MonoTime until, std::size_t account, std::size_t& count) {
    // A session is remembered by name, one for each: here each client is its own.
    const std::string name = fmt::format("c{}.localhost", account);
    do {
      or_die(co_await log_in(account += plan_.clients, name));
      ++count;
    } while (loop_.clock().mono() < until);
  }

  Task<Result<void>> log_in(std::size_t account, std::string name) {
    PABAL_CO_TRY(auto stream, co_await net::connect(to_, loop_.in(60s)));
    net::Connection connection(loop_, std::move(stream));
    if (plan_.kind != Kind::kPlain) {
      net::TlsClientOptions options{.server_name = std::move(name),
                                    .verify = net::TlsVerify::kNone,
                                    .resume = plan_.kind == Kind::kResumed};
      PABAL_CO_TRY_VOID(co_await connection.start_tls(*tls_, std::move(options), loop_.in(60s)));
      if (connection.stream().tls_facts()->resumed) ++resumed_;
    }
    PABAL_CO_TRY_VOID(co_await expect(connection, "* OK"));
    PABAL_CO_TRY_VOID(co_await connection.write(
        fmt::format("a LOGIN {} {}\r\n", login_of(account), kPassword), loop_.in(60s)));
    PABAL_CO_TRY_VOID(co_await expect(connection, "a OK"));
    PABAL_CO_TRY_VOID(co_await connection.write("b LOGOUT\r\n", loop_.in(60s)));
    PABAL_CO_TRY_VOID(co_await expect(connection, "* BYE"));
    PABAL_CO_TRY_VOID(co_await expect(connection, "b OK"));
    co_return Result<void>();
  }

  Task<Result<void>> expect(net::Connection& connection, std::string_view begin) {
    PABAL_CO_TRY(const auto line, co_await connection.read_line({}, loop_.in(60s)));
    if (!line.starts_with(begin)) co_return fail(ErrorKind::kRefuse, "the server said: {}", line);
    co_return Result<void>();
  }

  net::Loop& loop_;
  const net::Endpoint to_;
  const Plan& plan_;
  const std::unique_ptr<net::TlsClient> tls_;
  std::size_t resumed_ = 0;
};

void run_clients(const Plan& plan, int to_server, int from_server) {
  std::uint16_t port = 0;
  if (::read(from_server, &port, sizeof(port)) != sizeof(port)) die("the server did not start");
  const SystemClock clock;
  net::Loop loop(clock);
  Clients clients(loop, net::TcpEndpoint{net::IpAddress::loopback_v4(), port}, plan);
  loop.run_until_done(clients.log_in_each_account());
  if (::write(to_server, "x", 1) != 1) die("the server is gone");
  const auto before = processor_time();
  const MonoTime start = clock.mono();
  const std::size_t count = loop.run_until_done(clients.log_in_for(plan.time));
  const double seconds = std::chrono::duration<double>(clock.mono() - start).count();
  constexpr std::string_view kNames[] = {"in clear", "TLS", "TLS, resumed"};
  fmt::print("{:<12} {:6.0f} logins/s; a login takes {:.0f} us of the clients' processor time",
             kNames[static_cast<std::size_t>(plan.kind)], static_cast<double>(count) / seconds,
             static_cast<double>((processor_time() - before).count()) / static_cast<double>(count));
  std::fflush(stdout);
  if (::write(to_server, &count, sizeof(count)) != sizeof(count)) die("the server is gone");
}

void run(const Plan& plan) {
  int to_clients[2], to_server[2];
  if (::pipe(to_clients) != 0 || ::pipe(to_server) != 0) die("no pipe");
  std::fflush(stdout);
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(to_clients[1]);
    ::close(to_server[0]);
    run_clients(plan, to_server[1], to_clients[0]);
    std::exit(0);
  }
  ::close(to_clients[0]);
  ::close(to_server[1]);
  run_server(plan, to_clients[1], to_server[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  ::close(to_clients[1]);
  ::close(to_server[0]);
  if (status != 0) die("the clients failed");
}

}  // namespace
}  // namespace pabal::account

int main(int count, char** words) {
  using namespace pabal::account;
  Plan plan;
  std::optional<Kind> only;
  for (int i = 1; i < count; ++i) {
    const std::string_view word = words[i];
    const auto next = [&] { return i + 1 < count ? words[++i] : ""; };
    const auto number = [&] { return std::strtoul(next(), nullptr, 10); };
    if (word == "--smoke")
      plan.time = std::chrono::milliseconds(50);
    else if (word == "--plain")
      only = Kind::kPlain;
    else if (word == "--tls")
      only = Kind::kTls;
    else if (word == "--resumed")
      only = Kind::kResumed;
    else if (word == "--clients")
      plan.clients = number();
    else if (word == "--seconds")
      plan.time = std::chrono::seconds(number());
    else if (word == "--loops")
      plan.server_loops = number();
    else if (word == "--certificate")
      plan.certificate_path = next();
    else if (word == "--key")
      plan.key_path = next();
    else
      die("usage: login_bench [--smoke] [--plain | --tls | --resumed] [--clients N] [--seconds N] [--loops N] "
          "[--certificate FILE --key FILE]");
  }
  for (const Kind kind : {Kind::kPlain, Kind::kTls, Kind::kResumed}) {
    if (only && *only != kind) continue;
    plan.kind = kind;
    run(plan);
  }
  return 0;
}
