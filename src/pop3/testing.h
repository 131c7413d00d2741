// A server of one domain in memory, for the tests of sessions: hamburger.edu, where bob@ lives with the
// password hungry, and alice@ with pancake.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "account/plain_testing.h"
#include "net/scope.h"
#include "net/testing.h"
#include "pop3/session.h"
#include "store/memory.h"

namespace pabal::pop3 {

/// Keeps what is told.
class KeepingJournal final : public journey::Journal {
 public:
  journey::JourneyId new_id() override { return journey::JourneyId(++last_); }
  void write(store::Batch&, const journey::Entry&) override {}
  void committed(const store::PartitionId&, journey::Entry entry) override {
    for (journey::Event& event : entry.events) told.push_back(std::move(event));
  }
  void overheard(journey::JourneyId, journey::WireLine::From, std::string_view) override {}

  std::vector<journey::Event> told;

 private:
  std::uint64_t last_ = 0;
};

class TestServer {
 public:
  /// `engine`: another one than memory's.
  explicit TestServer(std::unique_ptr<store::Engine> other_engine = store::make_memory_engine())
      : engine(std::move(other_engine)) {
    const auto domain = *account::DomainName::parse("hamburger.edu");
    PABAL_CHECK(sim.run_until_done(directory.add_domain(domain)));
    bob = add("bob@hamburger.edu", "hungry");
    alice = add("alice@hamburger.edu", "pancake");
    options.host_name = "hamburger.edu";
  }

  net::Task<void> serve(std::unique_ptr<net::Connection> connection) {
    last_summary = co_await serve_pop3(*connection, services, options);
  }
  /// Before anybody is served.
  void set_maildrops(MaildropOptions with) { maildrops.emplace(sim.clock(), with); }

  /// Brings these bytes to Bob's inbox, as delivery does.
  void bring(const std::string& text, const std::string& preamble = {}) {
    PABAL_CHECK(sim.run_until_done(deliver(text, preamble)));
  }
  /// Another device of Bob's deletes it.
  void remove(std::uint32_t uid) {
    const mailbox::UidSet uids({mailbox::Uid(uid), mailbox::Uid(uid)});
    PABAL_CHECK(sim.run_until_done(mailboxes.change(
        bob, mailbox::Remove{.folder = mailbox::kInbox, .uids = uids, .only_deleted = false})));
  }
  /// What another device sees in a folder: UIDs, and `s` behind those that are \Seen.
  std::string seen_elsewhere(std::string_view path) {
    const auto folders = sim.run_until_done(mailboxes.folders(bob));
    const auto table = sim.run_until_done(mailboxes.open(bob, (*folders)->find_path(path)->id));
    std::string out;
    (*table)->for_each([&](std::size_t, const mailbox::Row& row) {
      fmt::format_to(std::back_inserter(out), "{}{}{}", out.empty() ? "" : " ", row.uid,
                     has(row.flags, mailbox::kSeen) ? "s" : "");
    });
    return out.empty() ? "nothing" : out;
  }

  net::SimulatedLoop sim;
  SeededRandom random{1};
  std::unique_ptr<store::Engine> engine;
  account::PlainHasher hasher;
  net::WorkerPool pool{{.name = "test", .threads = 1, .max_queued = 100}};
  account::Directory directory{*engine, sim.clock()};
  account::Credentials credentials{directory,   hasher, pool,
                                   sim.clock(), random, {.scram_iterations = 4096, .refuse_weak = false}};
  account::LoginThrottle throttle{sim.clock()};
  account::QuietObserver observer;
  account::Authenticator authenticator{directory, credentials, throttle, random, observer};
  KeepingJournal journal;
  mailbox::Mailboxes mailboxes{*engine, journal, sim.clock()};
  account::Connections connections{3};
  std::optional<Maildrops> maildrops{std::in_place, sim.clock()};
  Pop3Services services{.authenticator = authenticator,
                        .mailboxes = mailboxes,
                        .engine = *engine,
                        .journal = journal,
                        .connections = connections,
                        .maildrops = *maildrops,
                        .clock = sim.clock()};
  Pop3Options options;
  SessionSummary last_summary;
  account::AccountId bob;
  account::AccountId alice;

 private:
  account::AccountId add(std::string_view login, std::string_view password) {
    const auto account =
        sim.run_until_done(directory.add_account({.login = *account::Address::parse(login)}));
    PABAL_CHECK(account);
    PABAL_CHECK(sim.run_until_done(credentials.set_password(account->id, Secret(password))));
    return account->id;
  }

  net::Task<Result<void>> deliver(std::string text, std::string preamble) {
    const auto writer = engine->new_blob();
    PABAL_CO_TRY_VOID(co_await writer->write(text));
    PABAL_CO_TRY(store::StagedBlob staged, co_await writer->finish());
    mailbox::Arrival arrival;
    arrival.letter = {.blob = staged.id,
                      .blob_bytes = staged.size_bytes,
                      .received = sim.clock().wall(),
                      .journey = journal.new_id(),
                      .recipient = "bob@hamburger.edu",
                      .preamble = std::move(preamble)};
    arrival.blob = std::move(staged);
    arrival.entry.id = arrival.letter.journey;
    PABAL_CO_TRY_VOID(co_await mailboxes.append(bob, std::move(arrival)));
    co_return Result<void>();
  }
};

}  // namespace pabal::pop3
