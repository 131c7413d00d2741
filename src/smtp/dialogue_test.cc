// Runs the dialogues of tests/dialogue/smtp: see its README for how they are written.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "net/memory_stream.h"
#include "net/scope.h"
#include "net/testing.h"
#include "smtp/server_session.h"
#include "smtp/testing.h"

namespace pabal::smtp {
namespace {

using std::chrono::hours;

/// '*' stands for anything.
bool fits(std::string_view text, std::string_view pattern) {
  const std::size_t star = pattern.find('*');
  if (star == std::string_view::npos) return text == pattern;
  if (!text.starts_with(pattern.substr(0, star))) return false;
  pattern.remove_prefix(star + 1);
  for (text.remove_prefix(star);; text.remove_prefix(1)) {
    if (fits(text, pattern)) return true;
    if (text.empty()) return false;
  }
}

/// \r \n \\ and \x41.
std::string unescaped(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 1 == text.size()) {
      out += text[i];
      continue;
    }
    const char kind = text[++i];
    if (kind == 'r') out += '\r';
    if (kind == 'n') out += '\n';
    if (kind == '\\') out += '\\';
    if (kind == 'x') {
      out += static_cast<char>(std::stoi(std::string(text.substr(i + 1, 2)), nullptr, 16));
      i += 2;
    }
  }
  return out;
}

net::Task<void> serve(std::unique_ptr<net::Connection> connection, ServerOptions& options, FakeMail& mail) {
  FakeHandler handler(mail);
  co_await serve_smtp(*connection, handler, options);
}

class Player {
 public:
  explicit Player(std::size_t max_read_bytes) : max_read_bytes_(max_read_bytes), sessions_(sim_.loop()) {}
  ~Player() {
    sessions_.cancel();
    clients_.clear();
    sim_.run_until_done(sessions_.join());
  }

  void play(std::istream& script) {
    for (std::string line; std::getline(script, line);) {
      ++number_;
      obey(line);
      if (testing::Test::HasFatalFailure()) FAIL() << "line " << number_ << ": " << line;
    }
  }

 private:
  struct Client {
    std::unique_ptr<net::Stream> stream;
    std::string input;
  };

  void obey(const std::string& line) {
    const auto rest = [&](std::string_view word) { return line.substr(word.size()); };
    const auto is = [&](std::string_view word) { return line.starts_with(word); };
    if (line.empty() || is("#")) return;
    if (is("C: ")) return send(rest("C: ") + "\r\n");
    if (line == "C:") return send("\r\n");
    if (is("C> ")) return send(unescaped(rest("C> ")));
    if (is("S: ")) return expect(rest("S: "));
    if (is("server ")) return set_profile(rest("server "));
    if (is("set ")) return set_option(rest("set "));
    if (is("peer ")) return set_peer(rest("peer "));
    if (is("client ")) return connect(rest("client "));
    if (is("wait ")) return wait(std::stol(rest("wait ")));
    if (is("leaves")) return client().stream->close();
    if (is("letters ")) return expect_letters(std::stoul(rest("letters ")));
    if (is("from ")) return expect_eq(last_letter().from, rest("from "));
    if (is("to ")) return expect_eq(fmt::format("{}", fmt::join(last_letter().to, " ")), rest("to "));
    if (is("by ")) return expect_eq(last_letter().protocol, rest("by "));
    if (is("text ")) return expect_eq(last_letter().text, unescaped(rest("text ")));
    FAIL() << "not understood: " << line;
  }

  void expect_eq(const std::string& got, const std::string& want) { ASSERT_EQ(got, want); }
  void expect_letters(std::size_t count) {
    sim_.settle();
    ASSERT_EQ(mail_.letters.size(), count);
  }
  const FakeLetter& last_letter() {
    static const FakeLetter kNone;
    return mail_.letters.empty() ? kNone : mail_.letters.back();
  }

  void set_profile(const std::string& name) {
    if (name == "mx") options_ = ServerOptions::mx("hamburger.edu");
    if (name == "submission") options_ = ServerOptions::submission("hamburger.edu");
    if (name == "lmtp") options_ = ServerOptions::lmtp("hamburger.edu");
  }
  void set_option(const std::string& text) {
    const std::map<std::string, std::function<void()>> options = {
        {"login_without_tls", [&] { options_.login_without_tls = true; }},
        {"normalise", [&] { options_.bare_line_ends = BareLineEnds::kNormalise; }},
        {"strict", [&] { options_.leniency = {false, false, false}; }},
        {"small letters", [&] { options_.limits.max_letter_bytes = 100; }},
        {"tiny overrun", [&] { options_.limits.max_overrun_bytes = 1000; }},
        {"two recipients", [&] { options_.limits.max_recipients = 2; }},
        {"one letter", [&] { options_.limits.max_letters = 1; }},
        {"tls_required", [&] { options_.tls_required = true; }},
        {"xclient", [&] { options_.xclient_networks = {*net::Network::parse("127.0.0.0/8")}; }},
        {"greeting_delay", [&] { options_.greeting_delay = std::chrono::seconds(5); }},
    };
    const auto option = options.find(text);
    ASSERT_NE(option, options.end()) << text;
    option->second();
  }
  void set_peer(const std::string& text) {
    const auto endpoint = net::Endpoint::parse(text);
    ASSERT_TRUE(endpoint);
    peer_ = *endpoint;
  }

  void connect(const std::string& name) {
    current_ = name;
    if (clients_.contains(name)) return;
    net::MemoryStreamOptions streams;
    streams.max_read_bytes = max_read_bytes_;
    streams.second = peer_;
    auto [ours, theirs] = net::make_memory_streams(streams);
    clients_[name].stream = std::move(theirs);
    sessions_.spawn(serve(std::make_unique<net::Connection>(sim_.loop(), std::move(ours)), options_, mail_));
    if (name != "early") sim_.settle();
  }
  Client& client() {
    if (current_.empty()) connect("one");
    return clients_.at(current_);
  }

  void send(const std::string& bytes) {
    Client& to = client();
    const std::string_view pieces[] = {bytes};
    ASSERT_TRUE(sim_.run_until_done(to.stream->write_all(pieces, sim_.loop().in(hours(1)))));
    sim_.settle();
  }

  /// The next line, or how the connection ended.
  std::string next_line() {
    Client& from = client();
    for (;;) {
      const std::size_t end = from.input.find("\r\n");
      if (end != std::string::npos) {
        std::string line = from.input.substr(0, end);
        from.input.erase(0, end + 2);
        return line;
      }
      std::string buffer(4096, '\0');
      const auto size = sim_.run_until_done(from.stream->read_some(buffer, sim_.loop().in(hours(1))));
      if (!size) return size.error().kind == ErrorKind::kDeadline ? "(silence)" : "(closed)";
      if (*size == 0) return "(closed)";
      from.input += buffer.substr(0, *size);
    }
  }

  void expect(const std::string& pattern) {
    std::string line = next_line();
    if (pattern == "...") {  // the rest of this reply
      while (line.size() > 3 && line[3] == '-') line = next_line();
      return;
    }
    ASSERT_TRUE(fits(line, pattern)) << "the server said: " << line;
  }

  void wait(long seconds) {
    sim_.run_until_done([](net::Deadline until) -> net::Task<void> {
      std::ignore = co_await net::sleep_until(until);
    }(sim_.loop().in(std::chrono::seconds(seconds))));
    sim_.settle();
  }

  std::size_t max_read_bytes_;
  net::SimulatedLoop sim_;
  net::Scope sessions_;
  FakeMail mail_;
  ServerOptions options_ = ServerOptions::mx("hamburger.edu");
  net::Endpoint peer_ = net::TcpEndpoint{net::IpAddress::loopback_v4(), 40000};
  std::map<std::string, Client> clients_;
  std::string current_;
  int number_ = 0;
};

std::vector<std::filesystem::path> dialogues() {
  std::vector<std::filesystem::path> out;
  for (const auto& entry : std::filesystem::directory_iterator(PABAL_SOURCE_DIR "/tests/dialogue/smtp")) {
    if (entry.path().extension() == ".txt") out.push_back(entry.path());
  }
  std::ranges::sort(out);
  return out;
}

class Dialogues : public testing::TestWithParam<std::filesystem::path> {};

TEST_P(Dialogues, GoAsWritten) {
  std::ifstream script(GetParam());
  Player(SIZE_MAX).play(script);
}

TEST_P(Dialogues, GoAsWrittenByteByByte) {
  std::ifstream script(GetParam());
  Player(1).play(script);
}

INSTANTIATE_TEST_SUITE_P(, Dialogues, testing::ValuesIn(dialogues()),
                         [](const auto& info) { return info.param.stem().string(); });

}  // namespace
}  // namespace pabal::smtp
