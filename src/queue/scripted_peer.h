// Hosts that exist only in memory, for the tests of the courier: each has an address, and behind it a script,
// our own server, or nothing.
#pragma once

#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "journey/journal.h"
#include "net/connection.h"
#include "net/memory_stream.h"
#include "net/scope.h"
#include "net/testing.h"
#include "net/tls.h"
#include "smtp/server_session.h"
#include "smtp/testing.h"

namespace pabal::queue {

class ListeningJournal final : public journey::Journal {
 public:
  journey::JourneyId new_id() override { return journey::JourneyId(++last_id); }
  void write(store::Batch&, const journey::Entry&) override {}
  void committed(const store::PartitionId&, journey::Entry) override {}
  void overheard(journey::JourneyId, journey::WireLine::From, std::string_view line) override {
    overheard_lines.emplace_back(line);
  }

  std::uint64_t last_id = 0;
  std::vector<std::string> overheard_lines;
};

/// The first fact of that name.
inline std::string fact_of(const journey::Event& event, journey::FactName name) {
  for (const journey::Fact& fact : event.facts) {
    if (fact.name == name) return fact.value;
  }
  return {};
}

/// One connection's script. "S: line" says it, "C: words" wants a line that begins so, "letter" reads up to
/// the dot, "bytes n" reads as many, "tls" shakes hands, "raw x" says x and no line end, "after n" lets n
/// seconds pass, "leaves" closes, "breaks" does so without having said its last words, "waits" says nothing
/// any more, until the client leaves.
using Script = std::vector<std::string>;

/// The usual beginning up to EHLO's answer, with the extensions.
inline Script greeting(std::vector<std::string> extensions = {}) {
  Script out = {"S: 220 mx.hamburger.edu", "C: EHLO crepes.fr"};
  extensions.insert(extensions.begin(), "mx.hamburger.edu");
  for (std::size_t i = 0; i < extensions.size(); ++i)
    out.push_back(fmt::format("S: 250{}{}", i + 1 < extensions.size() ? '-' : ' ', extensions[i]));
  return out;
}
inline Script operator+(Script a, const Script& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

class ScriptedHosts {
 public:
  explicit ScriptedHosts(net::Loop& loop) : loop_(loop), sessions_(loop) {}

  /// The next connection to that address meets this script; when none is left it is refused.
  void add(const std::string& address, Script script) {
    hosts_[address].scripts.push_back(std::move(script));
  }
  /// All connections to that address meet our own server.
  void add_ours(const std::string& address) { hosts_[address].ours = true; }
  void remove(const std::string& address) { hosts_.erase(address); }
  /// Takes no notice of anybody who calls.
  void add_silent(const std::string& address) { hosts_[address].silent = true; }

  net::Task<Result<std::unique_ptr<net::Stream>>> connect(net::Endpoint to, net::Deadline deadline) {
    calls.push_back(to.to_string());
    const auto host = hosts_.find(to.tcp() != nullptr ? to.tcp()->address.to_string() : to.to_string());
    if (host != hosts_.end() && host->second.silent) {
      PABAL_CO_TRY_VOID(co_await net::sleep_until(deadline));
      co_return fail(ErrorKind::kDeadline, "connecting to {}: the peer took too long", to.to_string());
    }
    if (host == hosts_.end() || (!host->second.ours && host->second.scripts.empty()))
      co_return fail(ErrorKind::kRetryLater, "connecting to {}: Connection refused", to.to_string());
    auto [ours, theirs] = net::make_memory_streams({.second = to});
    auto connection = std::make_unique<net::Connection>(loop_, std::move(theirs));
    if (host->second.ours) {
      sessions_.spawn(serve(std::move(connection)));
    } else {
      sessions_.spawn(follow(std::move(connection), std::move(host->second.scripts.front())));
      host->second.scripts.pop_front();
    }
    co_return std::move(ours);
  }
  net::Task<void> end() {
    sessions_.cancel();
    co_await sessions_.join();
  }

  std::vector<std::string> calls;
  std::vector<std::string> faults;  ///< where a client left its script
  smtp::FakeMail mail;              ///< of our own servers
  smtp::ServerOptions options = smtp::ServerOptions::mx("hamburger.edu");
  net::TlsServer* tls = nullptr;

 private:
  struct Site {
    std::deque<Script> scripts = {};
    bool ours = false;
    bool silent = false;
  };

  net::Task<void> serve(std::unique_ptr<net::Connection> connection) {
    smtp::FakeHandler handler(mail);
    co_await serve_smtp(*connection, handler, options);
  }

  net::Task<void> follow(std::unique_ptr<net::Connection> connection, Script script) {
    const net::Deadline never = net::Deadline::never();
    for (const std::string& line : script) {
      if (line.starts_with("S: ")) {
        const std::string wire = line.substr(3) + "\r\n";
        std::ignore = co_await connection->write(wire, never);
      } else if (line.starts_with("raw ")) {
        std::ignore = co_await connection->write(std::string_view(line).substr(4), never);
      } else if (line.starts_with("C: ")) {
        const auto heard = co_await connection->read_line({}, never);
        const std::string got = heard ? std::string(*heard) : heard.error().detail;
        if (!got.starts_with(line.substr(3)))
          faults.push_back(fmt::format("wanted '{}', got '{}'", line.substr(3), got));
        if (!heard) co_return;
      } else if (line == "letter") {
        for (bool ended = false; !ended;) {
          const auto heard = co_await connection->read_line({}, never);
          ended = !heard || *heard == ".";
          if (heard && !ended) letter_text += std::string(*heard) + "\r\n";
        }
      } else if (line.starts_with("bytes ")) {
        std::string into(std::stoul(line.substr(6)), '\0');
        std::ignore = co_await connection->read_exactly(into, never);
      } else if (line == "tls") {
        std::ignore = co_await connection->start_tls(*tls, never);
      } else if (line.starts_with("after ")) {
        std::ignore = co_await net::sleep_until(loop_.in(std::chrono::seconds(std::stoi(line.substr(6)))));
      } else if (line == "waits") {
        while (co_await connection->read_line({}, never)) {
        }
        co_return;
      } else if (line == "leaves") {
        std::ignore = co_await connection->flush(never);
        co_return;
      } else if (line == "breaks") {
        co_return;
      }
    }
    std::ignore = co_await connection->flush(never);
    while (co_await connection->read_line({}, never)) {
    }
  }

  net::Loop& loop_;
  std::map<std::string, Site> hosts_;
  net::Scope sessions_;

 public:
  std::string letter_text;  ///< what "letter" read
};

}  // namespace pabal::queue
