#include "smtp_server.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "app/control_client.h"
#include "app/core.h"
#include "app/place.h"
#include "smtp_ledger.h"

namespace pabal::crash {

using net::Task;

namespace {

Task<Result<void>> move_in(app::Core& core) {
  PABAL_CO_TRY(const auto home, account::DomainName::parse(kHome));
  PABAL_CO_TRY_VOID(co_await core.directory().add_domain(home));
  std::vector<std::string_view> people(std::begin(kResidents), std::end(kResidents));
  people.push_back(kSender);
  for (const std::string_view person : people) {
    PABAL_CO_TRY(const auto login, account::Address::parse(person));
    PABAL_CO_TRY_VOID(co_await core.directory().add_account({.login = login, .display_name = {}}));
  }
  co_return Result<void>();
}

Result<void> write_file(const std::filesystem::path& path, std::string_view text) {
  std::ofstream file(path);
  if (file << text << std::flush) return {};
  return fail(ErrorKind::kRetryLater, "{} can't be written", path.string());
}

class Gather final : public app::Reply {
 public:
  explicit Gather(std::vector<Json>& items) : items_(items) {}
  Task<Result<void>> item(Json item) override {
    items_.push_back(std::move(item));
    co_return Result<void>();
  }
  Task<Result<void>> progress(std::string) override { co_return Result<void>(); }
  Task<Result<void>> flush() override { co_return Result<void>(); }

 private:
  std::vector<Json>& items_;
};

}  // namespace

Server::Server(std::filesystem::path program, std::filesystem::path home)
    : program_(std::move(program)), home_(std::move(home)) {}

Server::~Server() {
  if (running()) (void)kill();
  if (reserved_ >= 0) ::close(reserved_);
}

Result<std::unique_ptr<Server>> Server::prepare(std::filesystem::path program, std::filesystem::path home,
                                                std::uint16_t sink_port) {
  std::unique_ptr<Server> server(new Server(std::move(program), std::move(home)));
  PABAL_TRY_VOID(server->reserve_port());
  PABAL_TRY_VOID(server->write_files(sink_port));
  PABAL_TRY_VOID(server->add_accounts());
  return server;
}

// Bound, but not listening: the port stays ours while the server is down, and the server can take it still,
// since both share it (SO_REUSEPORT).
Result<void> Server::reserve_port() {
  reserved_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (reserved_ < 0 || ::setsockopt(reserved_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
      ::setsockopt(reserved_, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) != 0 ||
      ::bind(reserved_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
      ::getsockname(reserved_, reinterpret_cast<sockaddr*>(&address), &size) != 0)
    return fail(ErrorKind::kRetryLater, "no port can be taken");
  port_ = ntohs(address.sin_port);
  return {};
}

// The pauses between tries are short, since the test waits for the last letter. Small buffers, so that tables
// are written and merged all the time and kills fall into that too.
Result<void> Server::write_files(std::uint16_t sink_port) const {
  std::string zone;
  for (std::size_t i = 0; i < kDomains; ++i)
    zone += fmt::format("{}. MX 10 mail.far.example.\n", domain_name(i));
  zone += "mail.far.example. A 127.0.0.1\n";
  PABAL_TRY_VOID(write_file(home_ / "zone", zone));
  return write_file(home_ / "pabal.toml",
                    fmt::format(R"([server]
hostname = "mail.{}"
data_dir = "data"
loops = 2
[store]
write_buffer = "4 MiB"
[smtp]
relay_networks = ["127.0.0.0/8"]
[dns]
zone_file = "zone"
[queue]
port = {}
first_retry = "1s"
longest_retry = "2s"
connections_per_domain = {}
[[listener]]
name = "mx"
protocol = "smtp"
tls = "none"
address = ["{}"]
)",
                                kHome, sink_port, kConnectionsPerDomain, endpoint().to_string()));
}

Result<void> Server::add_accounts() const {
  std::error_code error;
  std::filesystem::create_directories(home_ / "data", error);
  std::filesystem::permissions(home_ / "data", std::filesystem::perms::owner_all, error);
  app::GlobalOptions options;
  options.config = home_ / "pabal.toml";
  const auto place = app::find_place(app::ConfigSchema(app::protocols_served()), options);
  if (!place) return fail(ErrorKind::kRefuse, "{}", app::to_string(place.error()));
  const SystemClock clock;
  SystemRandom random;
  PABAL_TRY(const auto core, app::Core::open(place->config.values, clock, random));
  net::Loop loop(clock);
  return loop.run_until_done(move_in(*core));
}

pid_t Server::spawn(const std::vector<std::string>& args) const {
  std::vector<std::string> words{"pabal", "--config", home_ / "pabal.toml"};
  words.insert(words.end(), args.begin(), args.end());
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  const int log = ::open(log_file().c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  PABAL_CHECK(log >= 0);
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  PABAL_CHECK(pid >= 0);
  if (pid > 0) {
    ::close(log);
    return pid;
  }
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(1);
  ::dup2(log, STDOUT_FILENO);
  ::dup2(log, STDERR_FILENO);
  ::execv(program_.c_str(), pointers.data());
  ::_exit(127);
}

int Server::wait(pid_t pid) const {
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

void Server::start() {
  PABAL_CHECK(!running());
  ++life_;
  pid_ = spawn({"serve"});
}

Result<void> Server::kill() {
  ::kill(pid_, SIGKILL);
  const int status = wait(std::exchange(pid_, -1));
  if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) return {};
  return fail(ErrorKind::kRetryLater, "the server ended by itself (status {:#x})", status);
}

Result<void> Server::stop() {
  ::kill(pid_, SIGTERM);
  const int status = wait(std::exchange(pid_, -1));
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
  return fail(ErrorKind::kRetryLater, "the server did not stop well (status {:#x})", status);
}

Result<void> Server::run(const std::vector<std::string>& args) const {
  const int status = wait(spawn(args));
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
  return fail(ErrorKind::kRetryLater, "pabal {} failed (status {:#x})", fmt::join(args, " "), status);
}

Task<Result<Server::Answer>> Server::ask(std::string method, Json params) const {
  PABAL_CO_TRY(const auto client, co_await app::ControlClient::connect(home_ / "data/control.sock"));
  Answer answer;
  Gather gather(answer.items);
  PABAL_CO_TRY(answer.result, co_await client->call(std::move(method), std::move(params), gather));
  co_return answer;
}

}  // namespace pabal::crash
