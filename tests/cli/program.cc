#include "cli/program.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "base/check.h"

namespace pabal::cli_test {
namespace {

using Time = std::chrono::steady_clock;
constexpr std::chrono::seconds kPatience{60};

int left_until(Time::time_point end) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - Time::now()).count();
  return static_cast<int>(std::max<std::int64_t>(left, 0));
}

std::string read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// Prepared before the fork: a child of a program with threads may not allocate.
class Arguments {
 public:
  explicit Arguments(const std::vector<std::string>& args) : words_(args) {
    words_.insert(words_.begin(), PABAL_PROGRAM);
    for (std::string& word : words_) pointers_.push_back(word.data());
    pointers_.push_back(nullptr);
  }
  char** get() { return pointers_.data(); }

 private:
  std::vector<std::string> words_;
  std::vector<char*> pointers_;
};

std::vector<char*> environment_with(std::string& extra) {
  std::vector<char*> out;
  for (char** each = environ; *each; ++each) out.push_back(*each);
  if (!extra.empty()) out.push_back(extra.data());
  out.push_back(nullptr);
  return out;
}

int open_file(const std::string& path, int flags) {
  const int descriptor = ::open(path.c_str(), flags | O_CLOEXEC, 0600);
  PABAL_CHECK(descriptor >= 0);
  return descriptor;
}

pid_t spawn(const std::vector<std::string>& args, int in, int out, int err,
            std::string extra_environment = "") {
  Arguments arguments(args);
  std::vector<char*> environment = environment_with(extra_environment);
  const pid_t pid = ::fork();
  PABAL_CHECK(pid >= 0);
  if (pid > 0) return pid;
  ::dup2(in, STDIN_FILENO);
  ::dup2(out, STDOUT_FILENO);
  ::dup2(err, STDERR_FILENO);
  ::setsid();  // no terminal: a prompt would be a fault
  ::execve(PABAL_PROGRAM, arguments.get(), environment.data());
  ::_exit(127);
}

int to_exit_code(int status) { return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status); }

// A child's end as something to poll.
int wait_or_kill(pid_t pid) {
  const auto end = Time::now() + kPatience;
  const int descriptor = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
  PABAL_CHECK(descriptor >= 0);
  pollfd ended{descriptor, POLLIN, 0};
  while (::poll(&ended, 1, left_until(end)) < 0 && errno == EINTR) {
  }
  ::close(descriptor);
  if ((ended.revents & POLLIN) == 0) {
    ADD_FAILURE() << "the program did not end within a minute";
    ::kill(pid, SIGKILL);
  }
  int status = 0;
  ::waitpid(pid, &status, 0);
  return to_exit_code(status);
}

}  // namespace

TemporaryDirectory::TemporaryDirectory() {
  std::string name = (std::filesystem::temp_directory_path() / "pabal-cli-XXXXXX").string();
  PABAL_CHECK(::mkdtemp(name.data()) != nullptr);
  path_ = name;
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string TemporaryDirectory::write(const std::string& name, const std::string& text) const {
  std::ofstream(path_ / name, std::ios::binary) << text;
  return (path_ / name).string();
}

Outcome run(const std::vector<std::string>& args, const std::string& input) {
  const TemporaryDirectory files;
  files.write("in", input);
  const int in = open_file(files / "in", O_RDONLY);
  const int out = open_file(files / "out", O_WRONLY | O_CREAT);
  const int err = open_file(files / "err", O_WRONLY | O_CREAT);
  const pid_t pid = spawn(args, in, out, err);
  for (const int each : {in, out, err}) ::close(each);
  Outcome outcome;
  outcome.exit_code = wait_or_kill(pid);
  outcome.out = read_file(files / "out");
  outcome.err = read_file(files / "err");
  return outcome;
}

Json json_of(const Outcome& outcome) {
  std::string text = outcome.out;
  while (text.ends_with('\n')) text.pop_back();
  auto json = Json::parse(text);
  if (json) return *std::move(json);
  ADD_FAILURE() << json.error().detail << "\n" << outcome.out << outcome.err;
  return {};
}

ServerProcess::ServerProcess(std::vector<std::string> args) {
  const std::string path = directory_ / "notify";
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  PABAL_CHECK(path.size() < sizeof address.sun_path);
  path.copy(address.sun_path, path.size());
  notices_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  PABAL_CHECK(::bind(notices_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);

  // A server that has given root up must reach it still, as it reaches systemd's.
  PABAL_CHECK(::chmod(path.c_str(), 0666) == 0 && ::chmod(directory_.path().c_str(), 0755) == 0);

  args.emplace_back("serve");
  const int in = open_file("/dev/null", O_RDONLY);
  const int log = open_file(directory_ / "log", O_WRONLY | O_CREAT | O_APPEND);
  pid_ = spawn(args, in, log, log, "NOTIFY_SOCKET=" + path);
  ::close(in);
  ::close(log);
}

ServerProcess::~ServerProcess() {
  if (!exit_code_) {
    ::kill(pid_, SIGKILL);
    wait_for_end();
  }
  ::close(notices_);
}

bool ServerProcess::wait_for(const std::string& word) {
  const auto end = Time::now() + kPatience;
  const int ended = static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0));
  pollfd fds[] = {{notices_, POLLIN, 0}, {ended, POLLIN, 0}};
  bool found = false;
  while (!found && ::poll(fds, 2, left_until(end)) > 0) {
    char notice[4096];
    const ssize_t size = ::recv(notices_, notice, sizeof notice, 0);
    if (size > 0)
      found = std::string(notice, static_cast<std::size_t>(size)).find(word) != std::string::npos;
    else if ((fds[1].revents & POLLIN) != 0)
      break;
  }
  ::close(ended);
  return found;
}

void ServerProcess::send(int signal) const { ::kill(pid_, signal); }

int ServerProcess::wait_for_end() {
  if (!exit_code_) exit_code_ = wait_or_kill(pid_);
  return *exit_code_;
}

std::string ServerProcess::log() const { return read_file(directory_ / "log"); }

}  // namespace pabal::cli_test
