#include "imap/detail/command_reader.h"

#include <gtest/gtest.h>

#include "net/memory_stream.h"
#include "net/scope.h"
#include "net/testing.h"

namespace pabal::imap::detail {
namespace {

using namespace std::chrono_literals;

/// What a reader makes of those bytes: each command's text, "..." where a message comes next, or the failure.
net::Task<std::vector<std::string>> read_all(net::Stream& client, net::Connection& connection,
                                             std::string bytes) {
  const net::Context context = co_await net::current_context();
  const std::string_view pieces[] = {bytes};
  std::ignore = co_await client.write_all(pieces, context.loop->in(1h));
  std::ignore = co_await client.shut_down(context.loop->in(1h));
  CommandReader reader(connection);
  const CommandLimits limits{
      .max_line_bytes = 60, .max_literal_bytes = 10, .max_command_bytes = 100, .max_dropped_bytes = 200};
  std::vector<std::string> out;
  for (;;) {
    const auto command = co_await reader.read(limits, {context.loop->in(1h), 1h});
    if (command) {
      out.push_back(std::string(command->text) + (command->message ? "..." : ""));
      if (command->message) std::ignore = co_await reader.skip_rest(limits, context.loop->in(1h));
    } else if (command.error().kind == ErrorKind::kOverLimit) {
      out.push_back(fmt::format("({} is too much)", reader.tag()));
    } else {
      co_return out;
    }
    if (reader.lost()) {
      out.emplace_back("(lost)");
      co_return out;
    }
  }
}

TEST(CommandReader, CollectsLinesAndLiterals) {
  const std::string long_line(70, 'x');
  struct Case {
    const char* name;
    std::string bytes;
    std::vector<std::string> want;
  };
  const Case cases[] = {
      {"lines", "a NOOP\r\nb NOOP\r\n", {"a NOOP", "b NOOP"}},
      {"literal", "a LOGIN {3+}\r\nbob {2}\r\nxy\r\n", {"a LOGIN {3+}\r\nbob {2}\r\nxy"}},
      {"literal8", "a X ~{3+}\r\n\r\n1 2\r\nb NOOP\r\n", {"a X ~{3+}\r\n\r\n1 2", "b NOOP"}},
      {"no literal", "a LOGIN x {3+} \r\nb NOOP\r\n", {"a LOGIN x {3+} ", "b NOOP"}},
      {"message", "a APPEND INBOX {5+}\r\nhello\r\nb NOOP\r\n", {"a APPEND INBOX ...", "b NOOP"}},
      {"message behind a literal name",
       "a append {5+}\r\nINBOX (\\Seen) {5+}\r\nhello\r\n",
       {"a append {5+}\r\nINBOX (\\Seen) ..."}},
      {"replace", "a UID REPLACE 4 {5+}\r\nINBOX {5+}\r\nhello\r\n", {"a UID REPLACE 4 {5+}\r\nINBOX ..."}},
      {"a mailbox called URL", "a APPEND URL {5+}\r\nhello\r\n", {"a APPEND URL ..."}},
      {"a URL as a literal",
       "a APPEND x CATENATE (url {5+}\r\n/;UID TEXT {2+}\r\nhi URL {3+}\r\n/;U TEXT {2+}\r\nhi)\r\n",
       {"a APPEND x CATENATE (url {5+}\r\n/;UID TEXT ..."}},
      {"message that waits", "a APPEND INBOX {5}\r\nb NOOP\r\n", {"a APPEND INBOX ...", "b NOOP"}},
      {"literal too large", "a CREATE {11+}\r\nxxxxxxxxxxx\r\nb NOOP\r\n", {"(a is too much)", "b NOOP"}},
      {"too many literals",
       "a X {10+}\r\n0123456789 {10+}\r\n0123456789 {10+}\r\n0123456789 {10+}\r\n0123456789 {10+}\r\n0123456789 {10+}\r\n0123456789\r\n"
       "b NOOP\r\n",
       {"(a is too much)", "b NOOP"}},
      {"line too long", "a " + long_line + "\r\nb NOOP\r\n", {"(a is too much)", "(lost)"}},
      {"far too much", "a X {201+}\r\nb NOOP\r\n", {"(a is too much)", "(lost)"}},
      {"no tag", "\r\n", {""}},
  };
  for (const Case& c : cases) {
    for (const std::size_t at_once : {std::size_t{1}, std::size_t{3}, SIZE_MAX}) {
      net::SimulatedLoop sim;
      auto [ours, theirs] = net::make_memory_streams({.max_read_bytes = at_once});
      net::Connection connection(sim.loop(), std::move(ours));
      EXPECT_EQ(sim.run_until_done(read_all(*theirs, connection, c.bytes)), c.want)
          << c.name << ", " << at_once << " bytes at once";
    }
  }
}

TEST(CommandReader, WhatIsCutIsNoCommand) {
  const std::string whole = "a LOGIN {3+}\r\nbob {2+}\r\nxy\r\n";
  for (std::size_t size = 0; size < whole.size(); ++size) {
    net::SimulatedLoop sim;
    auto [ours, theirs] = net::make_memory_streams();
    net::Connection connection(sim.loop(), std::move(ours));
    const auto got = sim.run_until_done(read_all(*theirs, connection, whole.substr(0, size)));
    EXPECT_TRUE(got.empty()) << size;
  }
}

}  // namespace
}  // namespace pabal::imap::detail
