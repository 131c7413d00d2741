// pop3_load [--port N] [--clients N] [--depth N] ...: POP3 clients that fetch all of their maildrops, and how
// long that took; bench/pop3/run drives it. One thread, sockets that never block.
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace pabal::bench {
namespace {

/// There is nobody to whom a broken measurement would be of use.
[[noreturn]] void die(std::string_view what) {
  fmt::print(stderr, "{}\n", what);
  std::exit(1);
}

struct Options {
  std::uint16_t port = 110;
  std::string user = "u";  ///< with several clients: their beginning, u0, u1, ...
  std::string domain = "example.test";
  std::string password;
  std::uint32_t clients = 1;
  std::uint32_t letters = 0;  ///< in each maildrop
  std::uint32_t depth = 1;    ///< commands that are sent ahead
  std::uint32_t rounds = 1;   ///< how often each letter is fetched
};

/// Finds the ends of answers in what comes, and keeps none of it.
class Answers {
 public:
  /// `lines`: the next answer has many, up to a dot alone.
  void expect(bool lines) { lines_ = lines; }
  std::uint64_t bytes() const { return bytes_; }
  std::string status() const { return status_; }

  /// Takes one answer off the front of `input`, from `at` on; false if it is not whole.
  bool take(std::string_view input, std::size_t& at) {
    if (!in_body_) {
      const std::size_t end = input.find("\r\n", at);
      if (end == std::string_view::npos) return false;
      status_ = input.substr(at, end - at);
      if (!status_.starts_with("+OK")) die(fmt::format("the server said: {}", status_));
      bytes_ += end + 2 - at;
      at = end + 2;
      if (!lines_) return true;
      in_body_ = true;
      at_line_start_ = true;
    }
    constexpr std::string_view kEnd = "\r\n.\r\n";
    std::string_view rest = input.substr(at);
    // An empty one.
    if (at_line_start_ && rest.size() >= 3 && rest.starts_with(".\r\n")) return finish(3, at);
    if (at_line_start_ && rest.size() < 3) return false;
    const void* const found = ::memmem(rest.data(), rest.size(), kEnd.data(), kEnd.size());
    if (found != nullptr) {
      return finish(static_cast<std::size_t>(static_cast<const char*>(found) - rest.data()) + kEnd.size(),
                    at);
    }
    at_line_start_ = false;
    const std::size_t seen = rest.size() - std::min(rest.size(), kEnd.size() - 1);
    bytes_ += seen;
    at += seen;
    return false;
  }

 private:
  bool finish(std::size_t size, std::size_t& at) {
    bytes_ += size;
    at += size;
    in_body_ = false;
    return true;
  }

  bool lines_ = false;
  bool in_body_ = false;
  bool at_line_start_ = false;
  std::uint64_t bytes_ = 0;
  std::string status_;
};

class Client {
 public:
  Client(const Options& options, std::uint32_t number) : options_(options), buffer_(256 * 1024, '\0') {
    socket_ = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(options.port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(socket_, reinterpret_cast<const sockaddr*>(&to), sizeof(to)) != 0) die("nobody listens");
    const int on = 1;
    ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    const std::string name = options.clients > 1 ? fmt::format("{}{}", options.user, number) : options.user;
    wait_for_line();
    say(fmt::format("USER {}@{}\r\n", name, options.domain));
    wait_for_line();
    say(fmt::format("PASS {}\r\n", options.password));
    wait_for_line();
  }
  ~Client() { ::close(socket_); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  int descriptor() const { return socket_; }
  bool done() const { return done_; }
  std::uint64_t fetched() const { return fetched_; }
  std::uint64_t bytes() const { return answers_.bytes(); }

  /// LIST and UIDL; the letters come after them.
  void begin() {
    answers_.expect(true);
    say("LIST\r\nUIDL\r\n");
    waiting_ = 2;
  }

  /// What came; says more when it has room.
  void go_on() {
    const ssize_t size = ::recv(socket_, buffer_.data() + filled_, buffer_.size() - filled_, MSG_DONTWAIT);
    if (size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return;
    if (size <= 0) die("the server hung up");
    filled_ += static_cast<std::size_t>(size);
    std::size_t at = 0;
    while (waiting_ > 0 && answers_.take({buffer_.data(), filled_}, at)) heard();
    std::memmove(buffer_.data(), buffer_.data() + at, filled_ - at);
    filled_ -= at;
  }

 private:
  void heard() {
    --waiting_;
    if (leaving_) {
      done_ = true;
      return;
    }
    if (lists_heard_ < 2) {
      ++lists_heard_;
    } else {
      ++fetched_;
    }
    // The next ones when half of the last are answered, so that neither side waits for the other.
    if (lists_heard_ < 2 || waiting_ > options_.depth / 2) return;
    const std::uint64_t all = std::uint64_t{options_.letters} * options_.rounds;
    std::string commands;
    while (waiting_ < options_.depth && asked_ < all) {
      fmt::format_to(std::back_inserter(commands), "RETR {}\r\n", asked_++ % options_.letters + 1);
      ++waiting_;
    }
    if (!commands.empty()) say(commands);
    if (waiting_ == 0) {
      leaving_ = true;
      answers_.expect(false);
      say("QUIT\r\n");
      waiting_ = 1;
    }
  }

  void say(std::string_view text) {
    if (::send(socket_, text.data(), text.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(text.size()))
      die("the server does not listen");
  }
  void wait_for_line() {
    for (std::size_t at = 0;;) {
      const ssize_t size = ::recv(socket_, buffer_.data() + filled_, buffer_.size() - filled_, 0);
      if (size <= 0) die("the server hung up");
      filled_ += static_cast<std::size_t>(size);
      if (!answers_.take({buffer_.data(), filled_}, at)) continue;
      filled_ = 0;
      return;
    }
  }

  const Options& options_;
  int socket_ = -1;
  std::string buffer_;
  std::size_t filled_ = 0;
  Answers answers_;
  std::uint32_t waiting_ = 0;
  std::uint32_t lists_heard_ = 0;
  std::uint64_t asked_ = 0;
  std::uint64_t fetched_ = 0;
  bool leaving_ = false;
  bool done_ = false;
};

void run(const Options& options) {
  std::vector<std::unique_ptr<Client>> clients;
  for (std::uint32_t i = 0; i < options.clients; ++i) clients.push_back(std::make_unique<Client>(options, i));
  const auto began = std::chrono::steady_clock::now();
  std::vector<pollfd> polled;
  for (const auto& client : clients) {
    client->begin();
    polled.push_back({client->descriptor(), POLLIN, 0});
  }
  for (std::size_t left = clients.size(); left > 0;) {
    if (::poll(polled.data(), polled.size(), 60'000) <= 0) die("the server says nothing");
    for (std::size_t i = 0; i < clients.size(); ++i) {
      if (polled[i].revents == 0) continue;
      clients[i]->go_on();
      if (!clients[i]->done()) continue;
      polled[i].fd = -1;
      --left;
    }
  }
  const double took = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  std::uint64_t fetched = 0;
  std::uint64_t bytes = 0;
  for (const auto& client : clients) {
    fetched += client->fetched();
    bytes += client->bytes();
  }
  fmt::print(R"({{"letters": {}, "bytes": {}, "seconds": {:.4f}}})"
             "\n",
             fetched, bytes, took);
}

template <class Number>
void read_number(std::string_view text, Number& to) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), to);
  if (error != std::errc() || end != text.data() + text.size()) die(fmt::format("not a number: {}", text));
}

}  // namespace
}  // namespace pabal::bench

int main(int argc, char** argv) {
  using namespace pabal::bench;
  Options options;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string_view name = argv[i];
    const std::string_view value = argv[i + 1];
    if (name == "--port")
      read_number(value, options.port);
    else if (name == "--user")
      options.user = value;
    else if (name == "--domain")
      options.domain = value;
    else if (name == "--password")
      options.password = value;
    else if (name == "--clients")
      read_number(value, options.clients);
    else if (name == "--letters")
      read_number(value, options.letters);
    else if (name == "--depth")
      read_number(value, options.depth);
    else if (name == "--rounds")
      read_number(value, options.rounds);
    else
      die(fmt::format("not understood: {}", name));
  }
  run(options);
}
