// The server as a process: signals, a second one, kill -9, what strangers do to its control socket.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <thread>

#include "cli/program.h"

namespace pabal::cli_test {
namespace {

using testing::HasSubstr;
using testing::Not;

class Serving : public testing::Test {
 protected:
  void start(const std::vector<std::string>& more = {}) {
    std::vector<std::string> args{"--data", data_};
    args.insert(args.end(), more.begin(), more.end());
    server_.emplace(args);
    ASSERT_TRUE(server_->wait_until_ready()) << server_->log();
  }
  Outcome pabal(std::vector<std::string> args) const {
    args.insert(args.begin(), {"--data", data_});
    return run(args);
  }

  TemporaryDirectory directory_;
  std::string data_ = directory_ / "data";
  std::optional<ServerProcess> server_;
};

// A client that does what it likes.
class RawClient {
 public:
  explicit RawClient(const std::string& path) : socket_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    connected_ = ::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  }
  ~RawClient() { ::close(socket_); }
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  bool connected() const { return connected_; }
  /// Until the server closes or takes no more; false if not all went.
  bool send(std::string_view bytes) const {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }
  /// One line, or what came before the end.
  std::string line() const {
    std::string out;
    char c = 0;
    pollfd readable{socket_, POLLIN, 0};
    while (::poll(&readable, 1, 60'000) > 0 && ::recv(socket_, &c, 1, 0) == 1 && c != '\n') out += c;
    return out;
  }

 private:
  int socket_;
  bool connected_ = false;
};

TEST_F(Serving, TellsHowItIs) {
  EXPECT_EQ(pabal({"status"}).exit_code, 69);
  EXPECT_EQ(pabal({"metrics"}).exit_code, 69);
  start();
  const Json status = json_of(pabal({"status", "--wait", "30", "--json"}));
  EXPECT_EQ(*status.find("state")->as_text(), "serving");
  EXPECT_EQ(*status.find("pid")->as_number(), server_->pid());
  EXPECT_THAT(pabal({"metrics"}).out, HasSubstr("# TYPE pabal_store_commits_total counter"));
  struct stat socket{};
  ASSERT_EQ(::stat((data_ + "/control.sock").c_str(), &socket), 0);
  EXPECT_EQ(socket.st_mode & 0777, 0600u);
}

TEST_F(Serving, StopsOnSigtermAndOnSigint) {
  for (const int signal : {SIGTERM, SIGINT}) {
    start();
    server_->send(signal);
    EXPECT_TRUE(server_->wait_for("STOPPING=1"));
    EXPECT_EQ(server_->wait_for_end(), 0) << server_->log();
    EXPECT_THAT(server_->log(), HasSubstr("stopped"));
    EXPECT_FALSE(std::filesystem::exists(data_ + "/control.sock"));
  }
}

TEST_F(Serving, StopsWithSeveralListeners) {
  std::string config;
  for (const char* name : {"a", "b", "c"})
    config +=
        fmt::format("[[listener]]\nname = \"{}\"\nprotocol = \"smtp\"\naddress = [\"127.0.0.1:0\"]\n", name);
  start({"--config", directory_.write("pabal.toml", config)});
  server_->send(SIGTERM);
  EXPECT_EQ(server_->wait_for_end(), 0) << server_->log();
}

TEST_F(Serving, ASilentClientDoesNotHoldUpTheStop) {
  start();
  const RawClient silent(data_ + "/control.sock");
  const RawClient halfway(data_ + "/control.sock");
  ASSERT_TRUE(halfway.send(R"({"method":"sta)"));
  EXPECT_EQ(pabal({"status"}).exit_code, 0);  // so both have been accepted
  server_->send(SIGTERM);
  EXPECT_EQ(server_->wait_for_end(), 0) << server_->log();
}

TEST_F(Serving, ReloadsOnSighup) {
  const std::string config = directory_.write("pabal.toml", "[log]\nlevel = \"info\"\n");
  start({"--config", config});
  directory_.write("pabal.toml", "[log]\nlevel = \"debug\"\n[store]\ncache = \"80 MiB\"\n");
  server_->send(SIGHUP);
  EXPECT_TRUE(server_->wait_for("RELOADING=1"));
  EXPECT_TRUE(server_->wait_for("READY=1"));
  const Json again = json_of(pabal({"--config", config, "reload", "--json"}));
  EXPECT_EQ(again.find("applied")->to_text(), "[]") << "the signal has applied it already";
  EXPECT_EQ(again.find("needs_restart")->to_text(), R"(["store.cache"])");

  // Faults leave all as it was.
  directory_.write("pabal.toml", "[log]\nlevel = \"loud\"\n");
  const Outcome refused = run({"--socket", data_ + "/control.sock", "reload"});
  EXPECT_EQ(refused.exit_code, 1);
  EXPECT_THAT(refused.err, HasSubstr("log.level"));
  server_->send(SIGHUP);
  EXPECT_TRUE(server_->wait_for("READY=1"));
  EXPECT_EQ(run({"--socket", data_ + "/control.sock", "status"}).exit_code, 0);
  server_->send(SIGTERM);
  EXPECT_EQ(server_->wait_for_end(), 0);
  EXPECT_THAT(server_->log(), HasSubstr("the old one stays in force"));
}

TEST_F(Serving, ASecondServerIsRefused) {
  start();
  const Outcome second = pabal({"serve"});
  EXPECT_EQ(second.exit_code, 75) << second.err;
  EXPECT_THAT(second.err, HasSubstr("only one"));
  EXPECT_EQ(pabal({"status"}).exit_code, 0) << "and does the first no harm";
}

TEST_F(Serving, CommandsWorkAfterKill) {
  start();
  ASSERT_EQ(pabal({"domain", "add", "example.org"}).exit_code, 0);
  server_->send(SIGKILL);
  EXPECT_EQ(server_->wait_for_end(), -SIGKILL);
  ASSERT_EQ(pabal({"account", "add", "bob@example.org", "--generate"}).exit_code, 0);
  start();
  EXPECT_THAT(pabal({"account", "list"}).out, HasSubstr("bob@example.org"));
}

TEST_F(Serving, ManyCommandsAtOnceWithoutAServer) {
  ASSERT_EQ(pabal({"domain", "add", "example.org"}).exit_code, 0);
  std::vector<Outcome> outcomes(6);
  {
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < outcomes.size(); ++i) {
      threads.emplace_back([&, i] {
        outcomes[i] = pabal({"alias", "add", fmt::format("a{}@example.org", i), "x@example.net"});
      });
    }
  }
  for (const Outcome& outcome : outcomes) EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_EQ(json_of(pabal({"alias", "list", "--json"})).as_array()->size(), outcomes.size());
}

TEST_F(Serving, TheControlSocketBearsAbuse) {
  start();
  const std::string socket = data_ + "/control.sock";
  {
    const RawClient garbage(socket);
    ASSERT_TRUE(garbage.send("\x01\x02 nonsense\n"));
    EXPECT_THAT(garbage.line(), HasSubstr("error"));
    ASSERT_TRUE(garbage.send("[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\n"));
    EXPECT_THAT(garbage.line(), HasSubstr("error"));
    ASSERT_TRUE(garbage.send(R"({"method":"no.such","params":{}})"
                             "\n"));
    EXPECT_THAT(garbage.line(), HasSubstr("no.such"));
    ASSERT_TRUE(garbage.send(R"({"method":"account.add","params":{"address":7}})"
                             "\n"));
    EXPECT_THAT(garbage.line(), HasSubstr("address must be"));
    ASSERT_TRUE(garbage.send(R"({"method":"status"})"
                             "\r\n"));
    EXPECT_THAT(garbage.line(), HasSubstr("serving")) << "and the connection is still good";
  }
  {
    const RawClient huge(socket);
    ASSERT_TRUE(huge.send(std::string(300'000, 'x') + "\n"));
    EXPECT_THAT(huge.line(), HasSubstr("over_limit"));
    EXPECT_FALSE(huge.send(std::string(64 << 20, 'x'))) << "an endless line ends the connection";
  }
  {
    std::vector<std::unique_ptr<RawClient>> crowd;
    for (int i = 0; i < 64; ++i) crowd.push_back(std::make_unique<RawClient>(socket));
    // The crowd fills all places; the next is told so.
    const RawClient late(socket);
    EXPECT_THAT(late.line(), HasSubstr("over_limit"));
  }
  EXPECT_EQ(pabal({"status", "--wait", "30"}).exit_code, 0);
  EXPECT_THAT(server_->log(), Not(HasSubstr("a bug of ours")));
}

TEST_F(Serving, RefusesADataDirectoryThatOthersMayWrite) {
  std::filesystem::create_directory(data_);
  ASSERT_EQ(::chmod(data_.c_str(), 0777), 0);
  const Outcome outcome = pabal({"serve"});
  EXPECT_EQ(outcome.exit_code, 73);
  EXPECT_THAT(outcome.err, HasSubstr("chmod 700"));
}

TEST_F(Serving, GivesRootUp) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs to be root";
  // The user must reach the data directory, and nothing else.
  ASSERT_EQ(::chmod(directory_.path().c_str(), 0755), 0);
  const std::string config = directory_.write("pabal.toml", "[server]\nuser = \"nobody\"\n");
  start({"--config", config});
  struct stat store{};
  ASSERT_EQ(::stat((data_ + "/store").c_str(), &store), 0);
  EXPECT_NE(store.st_uid, 0u);
  // A command by root, through the server and then by itself, leaves no file of root's behind.
  EXPECT_EQ(pabal({"domain", "add", "example.org"}).exit_code, 0);
  server_->send(SIGTERM);
  ASSERT_EQ(server_->wait_for_end(), 0);
  EXPECT_EQ(pabal({"domain", "add", "example.net"}).exit_code, 0);
  for (const auto& file : std::filesystem::recursive_directory_iterator(data_)) {
    struct stat facts{};
    ASSERT_EQ(::stat(file.path().c_str(), &facts), 0);
    EXPECT_EQ(facts.st_uid, store.st_uid) << file.path();
  }
  start({"--config", config});
}

TEST_F(Serving, AnUnknownUserIsAFaultOfTheConfiguration) {
  const std::string config = directory_.write("pabal.toml", "[server]\nuser = \"no-such-user\"\n");
  const Outcome outcome = pabal({"--config", config, "serve"});
  EXPECT_EQ(outcome.exit_code, 78);
  EXPECT_THAT(outcome.err, HasSubstr("no-such-user"));
}

}  // namespace
}  // namespace pabal::cli_test
