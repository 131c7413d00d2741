// pabal demo: two servers of ours, crepes.fr and hamburger.edu, as two processes on two addresses of this
// machine, with a zone between them that stands for the DNS. Alice lives in the one and Bob in the other, as
// in the textbooks; a letter from her to him crosses a real wire.
#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <fstream>
#include <thread>

#include "app/commands.h"
#include "app/control_client.h"
#include "app/core.h"
#include "app/place.h"
#include "app/printing.h"
#include "app/privileges.h"
#include "app/signals.h"
#include "net/loop.h"

namespace pabal::app {
namespace {

constexpr std::chrono::seconds kPatience{30};

struct Town {
  std::string domain;
  std::string address;
  std::string person;
  std::string password;
  std::string greeting;  ///< what its person's mailbox is called in the list
  std::filesystem::path home = {};
};

struct Port {
  std::string_view name;
  std::string_view protocol;
  std::string_view tls;
  std::uint16_t high;
  std::uint16_t usual;
};
constexpr Port kPorts[] = {
    {"smtp", "smtp", "starttls", 2525, 25},
    {"submission", "submission", "starttls", 2587, 587},
    {"submissions", "submission", "implicit", 2465, 465},
    {"imap", "imap", "starttls", 2143, 143},
    {"imaps", "imaps", "implicit", 2993, 993},
    {"pop3", "pop3", "starttls", 2110, 110},
    {"pop3s", "pop3s", "implicit", 2995, 995},
    {"http", "http", "none", 2080, 80},
    {"https", "https", "implicit", 2443, 443},
};

std::array<Town, 2> towns(const std::filesystem::path& data) {
  std::array<Town, 2> towns{{{"crepes.fr", "127.0.0.2", "alice@crepes.fr", "pancake", "Alice"},
                             {"hamburger.edu", "127.0.0.3", "bob@hamburger.edu", "hungry", "Bob"}}};
  for (Town& town : towns) town.home = data / town.domain;
  return towns;
}

bool can_take(const std::string& address, std::uint16_t port) {
  const int probe = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (probe < 0) return false;
  const int on = 1;
  ::setsockopt(probe, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  ::inet_pton(AF_INET, address.c_str(), &to.sin_addr);
  const bool taken = ::bind(probe, reinterpret_cast<const sockaddr*>(&to), sizeof(to)) == 0;
  ::close(probe);
  return taken;
}

Result<void> write_file(const std::filesystem::path& path, std::string_view text) {
  std::ofstream file(path);
  if (!(file << text << std::flush))
    return fail(ErrorKind::kRetryLater, "{} can't be written", path.string());
  return {};
}

std::string zone_of(std::span<const Town> towns) {
  std::string zone = "; What the DNS would say about the two towns.\n";
  for (const Town& town : towns) {
    zone += fmt::format("{0}. MX 10 mail.{0}.\nmail.{0}. A {1}\n", town.domain, town.address);
  }
  return zone;
}

std::string config_of(const Town& town, const std::filesystem::path& zone) {
  std::string text = fmt::format(R"(# A town of the demo: written anew at each start.
[server]
hostname = "mail.{}"
data_dir = "data"
[account.password]
refuse_weak = false
[dns]
zone_file = "{}"
[queue]
port = {}
source = ["{}"]
first_retry = "10s"
)",
                                 town.domain, zone.string(), kPorts[0].high, town.address);
  for (const Port& port : kPorts) {
    std::string addresses = fmt::format("\"{}:{}\"", town.address, port.high);
    if (can_take(town.address, port.usual)) addresses += fmt::format(", \"{}:{}\"", town.address, port.usual);
    text += fmt::format("[[listener]]\nname = \"{}\"\nprotocol = \"{}\"\ntls = \"{}\"\naddress = [{}]\n",
                        port.name, port.protocol, port.tls, addresses);
  }
  return text;
}

net::Task<Result<void>> settle(Core& core, const Town& town) {
  PABAL_CO_TRY(const auto login, account::Address::parse(town.person));
  PABAL_CO_TRY(const auto there, co_await core.directory().find_account_by_address(login));
  if (there) co_return Result<void>();
  PABAL_CO_TRY(const auto domain, co_await core.directory().find_domain(login.domain()));
  if (!domain) PABAL_CO_TRY_VOID(co_await core.directory().add_domain(login.domain()));
  PABAL_CO_TRY(const auto account,
               co_await core.directory().add_account({.login = login, .display_name = town.greeting}));
  co_return co_await core.credentials().set_password(account.id, Secret(town.password));
}

// The town's person moves in, before its server takes the store.
Result<void> prepare(const Town& town, const std::filesystem::path& zone) {
  std::error_code error;
  std::filesystem::create_directories(town.home / "data", error);
  if (error) return fail(ErrorKind::kRetryLater, "{}: {}", town.home.string(), error.message());
  for (const Port& port : kPorts) {
    if (can_take(town.address, port.high)) continue;
    return fail(ErrorKind::kRetryLater, "{}:{} is taken; does another demo run?", town.address, port.high);
  }
  PABAL_TRY_VOID(write_file(town.home / "pabal.toml", config_of(town, zone)));
  GlobalOptions options;
  options.config = town.home / "pabal.toml";
  const auto place = find_place(ConfigSchema(protocols_served()), options);
  if (!place) return fail(ErrorKind::kRefuse, "{}", to_string(place.error()));
  const SystemClock clock;
  SystemRandom random;
  PABAL_TRY(const auto core, Core::open(place->config.values, clock, random));
  net::Loop loop(clock);
  return loop.run_until_done(settle(*core, town));
}

class TownServer {
 public:
  explicit TownServer(const Town& town) : town_(town) {}
  ~TownServer() {
    if (pid_ > 0) ::kill(pid_, SIGKILL);
    wait();
  }
  TownServer(const TownServer&) = delete;
  TownServer& operator=(const TownServer&) = delete;

  const Town& town() const { return town_; }
  std::filesystem::path socket() const { return town_.home / "data" / "control.sock"; }

  Result<void> start() {
    const std::string log = town_.home / "log";
    const std::string config = town_.home / "pabal.toml";
    const pid_t parent = ::getpid();
    pid_ = ::fork();
    if (pid_ < 0) return fail(ErrorKind::kRetryLater, "a process can't be started");
    if (pid_ > 0) return {};
    ::prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (::getppid() != parent) ::_exit(1);
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    const int file = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    ::dup2(file, STDOUT_FILENO);
    ::dup2(file, STDERR_FILENO);
    ::execl("/proc/self/exe", "pabal", "--config", config.c_str(), "serve", nullptr);
    ::_exit(127);
  }
  void stop() {
    if (pid_ > 0) ::kill(pid_, SIGTERM);
  }
  void wait() {
    if (pid_ <= 0) return;
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    pid_ = -1;
  }

 private:
  const Town& town_;
  pid_t pid_ = -1;
};

class NoReply final : public Reply {
 public:
  net::Task<Result<void>> item(Json) override { co_return Result<void>(); }
  net::Task<Result<void>> progress(std::string) override { co_return Result<void>(); }
  net::Task<Result<void>> flush() override { co_return Result<void>(); }
};

net::Task<Result<void>> wait_until_up(const TownServer& server) {
  const net::Context context = co_await net::current_context();
  const net::Deadline give_up = context.loop->in(kPatience);
  NoReply reply;
  while (context.loop->clock().mono() < give_up.at) {
    auto client = co_await ControlClient::connect(server.socket());
    if (client && co_await (*client)->call("status", Json(), reply)) co_return Result<void>();
    PABAL_CO_TRY_VOID(co_await net::sleep_until(context.loop->in(std::chrono::milliseconds(50))));
  }
  co_return fail(ErrorKind::kRetryLater, "{} did not come up; its words are in {}", server.town().domain,
                 (server.town().home / "log").string());
}

Json describe(std::span<const Town> towns) {
  Json::Object domains;
  for (const Town& town : towns) {
    Json::Object ports;
    for (const Port& port : kPorts) ports.push_back({std::string(port.name), port.high});
    domains.push_back(
        {town.domain, Json::object({{"address", town.address},
                                    {"ports", Json(std::move(ports))},
                                    {"accounts", Json::object({{town.person, town.password}})},
                                    {"config", (town.home / "pabal.toml").string()},
                                    {"admin_socket", (town.home / "data/control.sock").string()}})});
  }
  return Json::object({{"domains", Json(std::move(domains))}});
}

void print_for_people(std::span<const Town> towns) {
  fmt::print("\nTwo towns are up, each with a mail server of its own.\n\n");
  for (const Town& town : towns) {
    fmt::print("  {:<14} {:<11} smtp {}  submission {}  imap {}  pop3 {}  http {}   {}  password {}\n",
               town.domain, town.address, kPorts[0].high, kPorts[1].high, kPorts[3].high, kPorts[5].high,
               kPorts[7].high, town.person, town.password);
  }
  const std::string alice = (towns[0].home / "pabal.toml").string();
  const std::string bob = (towns[1].home / "pabal.toml").string();
  fmt::print(
      "\nIn a browser, write as Alice and read as Bob:\n\n"
      "  http://{0}:{8}/       http://{1}:{8}/\n\n"
      "Speak to Bob's server yourself, as in the textbook:\n\n"
      "  telnet {1} {2}          HELO crepes.fr, MAIL FROM: <alice@crepes.fr>, RCPT TO: <bob@hamburger.edu>, DATA\n"
      "  telnet {1} {7}          user bob, pass hungry, list, retr 1, dele 1, quit\n\n"
      "Or let Alice's server carry a letter:\n\n"
      "  curl smtp://{0}:{3} --user alice@crepes.fr:pancake --mail-from alice@crepes.fr \\\n"
      "       --mail-rcpt bob@hamburger.edu -T letter.txt\n\n"
      "See it arrive, and how it came:\n\n"
      "  curl imap://bob%40hamburger.edu:hungry@{1}:{6}/INBOX -X 'FETCH 1:* (FLAGS ENVELOPE)'\n"
      "  pabal --config {5} letter list bob@hamburger.edu\n"
      "  pabal --config {4} journey find --sender alice@crepes.fr\n"
      "  pabal --config {4} journey follow\n\nCtrl-C stops both.\n",
      towns[0].address, towns[1].address, kPorts[0].high, kPorts[1].high, alice, bob, kPorts[3].high,
      kPorts[5].high, kPorts[7].high);
}

}  // namespace

ExitCode run_demo(const Invocation& invocation, const Method&) {
  const bool json = invocation.global.json;
  auto signals = Signals::block();
  if (!signals) return print_error(signals.error(), json);
  std::error_code error;
  const auto data =
      std::filesystem::absolute(invocation.global.data.empty() ? "data/demo" : invocation.global.data);
  std::filesystem::create_directories(data, error);
  const std::filesystem::path zone = data / "zone";
  const std::array<Town, 2> both = towns(data);
  if (const auto written = write_file(zone, zone_of(both)); !written)
    return print_error(written.error(), json);
  for (const Town& town : both) {
    if (const auto prepared = prepare(town, zone); !prepared) return print_error(prepared.error(), json);
  }
  TownServer servers[] = {TownServer(both[0]), TownServer(both[1])};
  for (TownServer& server : servers) {
    if (const auto started = server.start(); !started) return print_error(started.error(), json);
  }
  const SystemClock clock;
  for (const TownServer& server : servers) {
    net::Loop loop(clock);
    if (const auto up = loop.run_until_done(wait_until_up(server)); !up) return print_error(up.error(), json);
  }
  if (json) {
    fmt::print("{}\n", describe(both).to_text());
  } else {
    print_for_people(both);
  }
  std::fflush(stdout);
  std::optional<int> signal;
  while (signal != SIGTERM && signal != SIGINT) signal = signals->wait({});
  for (TownServer& server : servers) server.stop();
  for (TownServer& server : servers) server.wait();
  return ExitCode::kOk;
}

}  // namespace pabal::app
