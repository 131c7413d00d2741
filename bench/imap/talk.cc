// The loads of one client.
#include <charconv>
#include <cstdio>
#include <iostream>
#include <numeric>

#include "letters.h"
#include "loads.h"

namespace pabal::bench {
namespace {

using Time = std::chrono::steady_clock;

double seconds_since(Time::time_point began) {
  return std::chrono::duration<double>(Time::now() - began).count();
}

void replace_all(std::string& text, std::string_view what, std::string_view with) {
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += with.size())
    text.replace(at, what.size(), with);
}

std::string escaped(std::string_view text) {
  std::string safe;
  for (const char each : text) {
    if (each == '"' || each == '\\') safe += '\\';
    if (static_cast<unsigned char>(each) >= 0x20) safe += each;
  }
  return safe;
}

void print_reply(const Reply& reply, double took) {
  std::string kinds;
  for (const Reply::Kind& each : reply.kinds) {
    kinds += fmt::format(R"({}"{}": {{"count": {}, "sum": {}, "last": {}}})", kinds.empty() ? "" : ", ",
                         escaped(each.name), each.count, each.sum, each.last);
  }
  fmt::print(
      R"({{"seconds": {:.6f}, "tagged": "{}", "kinds": {{{}}}, "bytes": {}, "literal_bytes": {}, "numbers": {}, "digest": "{:x}"}})"
      "\n",
      took, escaped(reply.tagged), kinds, reply.bytes, reply.literal_bytes, reply.numbers, reply.digest);
  std::fflush(stdout);
}

void add(Reply& total, const Reply& one) {
  for (const Reply::Kind& each : one.kinds) {
    auto found = std::ranges::find(total.kinds, each.name, &Reply::Kind::name);
    if (found == total.kinds.end()) found = total.kinds.insert(found, Reply::Kind{.name = each.name});
    found->count += each.count;
    found->sum += each.sum;
    found->last = each.last;
  }
  total.bytes += one.bytes;
  total.literal_bytes += one.literal_bytes;
  total.tagged = one.tagged;
}

std::uint32_t take_number(std::string_view& text) {
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc()) die(fmt::format("a number is missing before: {}", text));
  text.remove_prefix(static_cast<std::size_t>(end - text.data()) + 1);
  return value;
}

Reply each(Connection& connection, std::string_view what) {
  const std::uint32_t first = take_number(what);
  const std::uint32_t last = take_number(what);
  Reply total;
  for (std::uint32_t number = first; number <= last; ++number) {
    std::string command(what);
    replace_all(command, "#", std::to_string(number));
    add(total, connection.command(command));
  }
  return total;
}

std::string numbers(const std::vector<std::uint32_t>& list) {
  return fmt::format("[{}]", fmt::join(list, ", "));
}

}  // namespace

std::string Options::login(std::uint32_t client) const {
  const std::string number = users > 1 ? std::to_string(client % users) : "";
  return fmt::format("LOGIN {}{}@{} \"{}\"", user, number, domain, password);
}

void talk(const Options& options) {
  Connection connection(options.server);
  connection.greeting();
  connection.command(options.login(0));
  constexpr std::string_view kEach = "!each ";
  for (std::string line; std::getline(std::cin, line);) {
    replace_all(line, "\\r\\n", "\r\n");
    const Time::time_point began = Time::now();
    Reply reply;
    if (line.starts_with(kEach)) {
      reply = each(connection, std::string_view(line).substr(kEach.size()));
    } else {
      connection.begin(line);
      reply = connection.wait();
    }
    print_reply(reply, seconds_since(began));
  }
}

void fill(const Options& options) {
  const Letters letters(options.letters);
  Connection connection(options.server);
  connection.greeting();
  connection.command(options.login(0));
  double took = 0;
  std::uint64_t bytes = 0;
  for (std::uint32_t done = 0; done < options.count;) {
    std::string command = "APPEND " + options.folder;
    for (std::uint32_t i = 0; i < options.batch && done < options.count; ++i, ++done) {
      const std::uint32_t number = options.first + done;
      const std::string text = letters.letter(number, options.salt);
      bytes += text.size();
      fmt::format_to(std::back_inserter(command), " {} {{{}+}}\r\n{}", letters.internal_date(number),
                     text.size(), text);
    }
    const Time::time_point began = Time::now();
    connection.command(command);
    took += seconds_since(began);
  }
  fmt::print(R"({{"letters": {}, "bytes": {}, "seconds": {:.4f}}})"
             "\n",
             options.count, bytes, took);
}

void facts(const Options& options) {
  constexpr std::uint32_t kSender = 17;
  const Letters letters(options.letters);
  std::uint64_t bytes = 0;
  for (std::uint32_t number = options.first; number < options.first + options.count; ++number)
    bytes += letters.letter(number).size();
  fmt::print(
      R"({{"rare_word": "{}", "with_rare_word": {}, "rare_korean": "{}", "with_rare_korean": {}, "sender": "{}", "from_sender": {}, "threads": {}, "bytes": {}}})"
      "\n",
      Letters::kRareWord, numbers(letters.with_rare_word()), Letters::kRareKorean,
      numbers(letters.with_rare_korean()), Letters::address(kSender), letters.from(kSender).size(),
      letters.threads(), bytes);
}

}  // namespace pabal::bench
