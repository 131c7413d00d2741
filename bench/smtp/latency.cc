// How long a letter takes, from MAIL to the answer that it is accepted: so many connections, each with one
// letter under way at any time, for so many seconds. No pipelining, as smtp-source does it. bench/smtp/run
// uses it.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace pabal {
namespace {

using Time = std::chrono::steady_clock;

[[noreturn]] void die(std::string_view what) {
  fmt::print(stderr, "smtp_latency: {}\n", what);
  std::_Exit(1);
}

struct Plan {
  std::uint16_t port = 25;
  std::size_t connections = 20;
  std::size_t seconds = 4;
  std::size_t size = 4096;
  std::size_t accounts = 100;
  std::string domain = "example.test";
};

/// One SMTP conversation, over a blocking socket.
class Client {
 public:
  explicit Client(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in server{};
    server.sin_family = AF_INET;
    server.sin_port = htons(port);
    server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(socket_, reinterpret_cast<const sockaddr*>(&server), sizeof(server)) != 0)
      die("nobody listens there");
    const int on = 1;
    ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    expect("220");
    say("EHLO bench.example.test\r\n", "250");
  }
  ~Client() { ::close(socket_); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  void say(std::string_view what, std::string_view want) {
    while (!what.empty()) {
      const ssize_t sent = ::send(socket_, what.data(), what.size(), MSG_NOSIGNAL);
      if (sent <= 0) die("the server closed the connection");
      what.remove_prefix(static_cast<std::size_t>(sent));
    }
    expect(want);
  }

 private:
  // One reply, of as many lines as it has: the last has no '-' after its code.
  void expect(std::string_view code) {
    std::string reply;
    char buffer[4096];
    for (;;) {
      const ssize_t got = ::recv(socket_, buffer, sizeof(buffer), 0);
      if (got <= 0) die("the server closed the connection");
      reply.append(buffer, static_cast<std::size_t>(got));
      if (!reply.ends_with("\r\n")) continue;
      const std::size_t before = reply.rfind('\n', reply.size() - 2);
      const std::size_t last = before == std::string::npos ? 0 : before + 1;
      if (reply.size() > last + 3 && reply[last + 3] != '-') break;
    }
    if (!reply.starts_with(code)) die(reply);
  }

  const int socket_;
};

// Each letter differs from all others, so that nobody keeps two as one.
std::string letter(const Plan& plan, std::size_t connection, std::size_t number) {
  std::string text = fmt::format(
      "From: <alice@crepes.fr>\r\nTo: <bob@{}>\r\nSubject: How long does it take?\r\n"
      "Date: Sat, 21 Nov 2026 12:00:00 +0000\r\nMessage-ID: <{}.{}.{}@crepes.fr>\r\n\r\n",
      plan.domain, ::getpid(), connection, number);
  const std::string line(78, 'X');
  while (text.size() + line.size() + 2 <= plan.size) text += line + "\r\n";
  return text + ".\r\n";
}

std::vector<Time::duration> send_letters(const Plan& plan, std::size_t connection, Time::time_point end) {
  std::vector<Time::duration> times;
  Client client(plan.port);
  for (std::size_t number = 0; Time::now() < end; ++number) {
    const std::string text = letter(plan, connection, number);
    const std::string to = fmt::format("RCPT TO:<u{}@{}>\r\n",
                                       (connection + number * plan.connections) % plan.accounts, plan.domain);
    const Time::time_point began = Time::now();
    client.say("MAIL FROM:<alice@crepes.fr>\r\n", "250");
    client.say(to, "250");
    client.say("DATA\r\n", "354");
    client.say(text, "250");
    times.push_back(Time::now() - began);
  }
  return times;
}

std::size_t number(std::string_view text) {
  std::size_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) die(fmt::format("'{}' is no number", text));
  return value;
}

Plan parse(std::span<char* const> arguments) {
  Plan plan;
  for (std::size_t i = 1; i + 1 < arguments.size(); i += 2) {
    const std::string_view name = arguments[i];
    const std::string_view value = arguments[i + 1];
    if (name == "--port") {
      plan.port = static_cast<std::uint16_t>(number(value));
    } else if (name == "--connections") {
      plan.connections = number(value);
    } else if (name == "--seconds") {
      plan.seconds = number(value);
    } else if (name == "--size") {
      plan.size = number(value);
    } else if (name == "--accounts") {
      plan.accounts = number(value);
    } else if (name == "--domain") {
      plan.domain = value;
    } else {
      die(fmt::format("what is {}? --port, --connections, --seconds, --size, --accounts, --domain", name));
    }
  }
  return plan;
}

double milliseconds(Time::duration time) { return std::chrono::duration<double, std::milli>(time).count(); }

int run(const Plan& plan) {
  std::vector<std::vector<Time::duration>> by_connection(plan.connections);
  const Time::time_point began = Time::now();
  {
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < plan.connections; ++i) {
      threads.emplace_back(
          [&, i] { by_connection[i] = send_letters(plan, i, began + std::chrono::seconds(plan.seconds)); });
    }
  }
  const double took = std::chrono::duration<double>(Time::now() - began).count();
  std::vector<Time::duration> all;
  for (const auto& times : by_connection) all.insert(all.end(), times.begin(), times.end());
  if (all.empty()) die("no letter came through");
  std::ranges::sort(all);
  const auto at = [&](std::size_t percent) { return milliseconds(all[(all.size() - 1) * percent / 100]); };
  fmt::print(
      R"({{"letters": {}, "per_second": {:.1f}, "p50_ms": {:.3f}, "p99_ms": {:.3f}, "max_ms": {:.3f}}})"
      "\n",
      all.size(), static_cast<double>(all.size()) / took, at(50), at(99), milliseconds(all.back()));
  return 0;
}

}  // namespace
}  // namespace pabal

int main(int argc, char** argv) {
  return pabal::run(pabal::parse(std::span(argv, static_cast<std::size_t>(argc))));
}
