// Runs the dialogues of tests/dialogue/imap: see its README for how they are written.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>

#include "imap/testing.h"
#include "net/memory_stream.h"

namespace pabal::imap {
namespace {

using std::chrono::hours;

/// '*' alone in a word, or `...`, stands for anything: IMAP's own stars are plenty.
bool fits(std::string_view text, std::string_view pattern) {
  constexpr std::string_view kAnything = "...";
  const std::size_t gap = pattern.find(kAnything);
  if (gap == std::string_view::npos) return text == pattern;
  if (!text.starts_with(pattern.substr(0, gap))) return false;
  pattern.remove_prefix(gap + kAnything.size());
  for (text.remove_prefix(gap);; text.remove_prefix(1)) {
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

class Player {
 public:
  explicit Player(std::size_t max_read_bytes) : max_read_bytes_(max_read_bytes) {}
  ~Player() {
    sessions_.cancel();
    clients_.clear();
    server_.sim.run_until_done(sessions_.join());
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
    if (is("client ")) return connect(rest("client "));
    if (is("login ")) return log_in(rest("login "));
    if (is("select ")) return select(rest("select "));
    if (is("letter ")) return bring(rest("letter "));
    if (is("wait ")) return wait(std::stol(rest("wait ")));
    if (line == "leaves") return client().stream->close();
    if (is("set ")) return set_option(rest("set "));
    FAIL() << "not understood: " << line;
  }

  void set_option(const std::string& text) {
    const std::map<std::string, std::function<void()>> options = {
        {"small letters", [&] { server_.options.max_letter_bytes = 100; }},
        {"small commands",
         [&] {
           server_.options.after_login = {.max_line_bytes = 200,
                                          .max_literal_bytes = 50,
                                          .max_command_bytes = 300,
                                          .max_dropped_bytes = 1000};
         }},
        {"peer elsewhere", [&] { peer_ = *net::Endpoint::parse("192.0.2.1:40000"); }},
    };
    const auto option = options.find(text);
    ASSERT_NE(option, options.end()) << text;
    option->second();
  }

  void connect(const std::string& name) {
    current_ = name;
    if (clients_.contains(name)) return;
    net::MemoryStreamOptions streams;
    streams.max_read_bytes = max_read_bytes_;
    streams.second = peer_;
    auto [ours, theirs] = net::make_memory_streams(streams);
    clients_[name].stream = std::move(theirs);
    sessions_.spawn(server_.serve(std::make_unique<net::Connection>(server_.sim.loop(), std::move(ours))));
    server_.sim.settle();
  }
  Client& client() {
    if (current_.empty()) connect("one");
    return clients_.at(current_);
  }

  // Shorthands for what every dialogue begins with.
  void log_in(const std::string& who) {
    expect("* OK ...");
    send(fmt::format("L LOGIN {}@hamburger.edu {}\r\n", who, who == "alice" ? "pancake" : "hungry"));
    expect("L OK ...");
  }
  void select(const std::string& folder) {
    send(fmt::format("S SELECT {}\r\n", folder));
    for (std::string line; !line.starts_with("S OK ");) {
      line = next_line();
      ASSERT_TRUE(line.starts_with("* ") || line.starts_with("S OK ")) << line;
    }
  }
  /// `letter INBOX Subject|text` puts one there, by the client that speaks.
  void bring(const std::string& text) {
    const std::size_t space = text.find(' ');
    const std::size_t bar = text.find('|');
    const std::string letter = fmt::format(
        "From: Alice <alice@crepes.fr>\r\nTo: bob@hamburger.edu\r\nSubject: {}\r\n"
        "Date: Thu, 1 Jan 2026 00:00:00 +0000\r\nMessage-ID: <{}@crepes.fr>\r\n\r\n{}\r\n",
        text.substr(space + 1, bar - space - 1), ++letters_, text.substr(bar + 1));
    send(fmt::format("A APPEND {} {{{}+}}\r\n{}\r\n", text.substr(0, space), letter.size(), letter));
    for (std::string line; !line.starts_with("A ");) {
      line = next_line();
      ASSERT_TRUE(line.starts_with("* ") || line.starts_with("A OK ")) << line;
    }
  }

  void send(const std::string& bytes) {
    Client& to = client();
    const std::string_view pieces[] = {bytes};
    ASSERT_TRUE(server_.sim.run_until_done(to.stream->write_all(pieces, server_.sim.loop().in(hours(1)))));
    server_.sim.settle();
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
      const auto size = server_.sim.run_until_done(
          from.stream->read_some(buffer, server_.sim.loop().in(std::chrono::seconds(100))));
      if (!size) return size.error().kind == ErrorKind::kDeadline ? "(silence)" : "(closed)";
      if (*size == 0) return "(closed)";
      from.input += buffer.substr(0, *size);
    }
  }

  void expect(const std::string& pattern) {
    const std::string line = next_line();
    ASSERT_TRUE(fits(line, unescaped(pattern))) << "the server said: " << line;
  }

  void wait(long seconds) {
    server_.sim.run_until_done([](net::Deadline until) -> net::Task<void> {
      std::ignore = co_await net::sleep_until(until);
    }(server_.sim.loop().in(std::chrono::seconds(seconds))));
    server_.sim.settle();
  }

  std::size_t max_read_bytes_;
  TestServer server_;
  net::Scope sessions_{server_.sim.loop()};
  net::Endpoint peer_ = net::TcpEndpoint{net::IpAddress::loopback_v4(), 40000};
  std::map<std::string, Client> clients_;
  std::string current_;
  int number_ = 0;
  int letters_ = 0;
};

std::vector<std::filesystem::path> dialogues() {
  std::vector<std::filesystem::path> out;
  for (const auto& entry : std::filesystem::directory_iterator(PABAL_SOURCE_DIR "/tests/dialogue/imap")) {
    if (entry.path().extension() == ".txt") out.push_back(entry.path());
  }
  std::ranges::sort(out);
  return out;
}

class ImapDialogues : public testing::TestWithParam<std::filesystem::path> {};

TEST_P(ImapDialogues, GoAsWritten) {
  std::ifstream script(GetParam());
  Player(SIZE_MAX).play(script);
}

TEST_P(ImapDialogues, GoAsWrittenByteByByte) {
  std::ifstream script(GetParam());
  Player(1).play(script);
}

INSTANTIATE_TEST_SUITE_P(, ImapDialogues, testing::ValuesIn(dialogues()),
                         [](const auto& info) { return info.param.stem().string(); });

}  // namespace
}  // namespace pabal::imap
