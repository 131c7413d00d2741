// For tests: an account in memory, with letters that are made in a line.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "mailbox/mailboxes.h"
#include "net/scope.h"
#include "net/testing.h"
#include "store/memory.h"

namespace pabal::mailbox {

class SilentJournal final : public journey::Journal {
 public:
  journey::JourneyId new_id() override { return journey::JourneyId(++last_); }
  void write(store::Batch& batch, const journey::Entry& entry) override {
    batch.put("journey/" + entry.id.bytes(), "told");
  }
  void committed(const store::PartitionId&, journey::Entry) override { ++told; }
  void overheard(journey::JourneyId, journey::WireLine::From, std::string_view) override {}

  std::atomic<std::size_t> told = 0;

 private:
  std::atomic<std::uint64_t> last_ = 0;
};

class MailboxFixture : public ::testing::Test {
 protected:
  static constexpr account::AccountId kBob{7};

  template <class T>
  T run(net::Task<T> task) {
    return loop_.run_until_done(std::move(task));
  }
  /// The value; a failure fails the test.
  template <class T>
  T must(net::Task<Result<T>> task) {
    Result<T> result = run(std::move(task));
    if (!result) ADD_FAILURE() << result.error().detail;
    return result ? *std::move(result) : T();
  }
  template <class Change>
  auto change(Change what) {
    return must(mailboxes_->change(kBob, std::move(what)));
  }
  template <class Change>
  Error refused(Change what) {
    auto result = run(mailboxes_->change(kBob, std::move(what)));
    if (!result) return result.error();
    ADD_FAILURE() << "it was not refused";
    return {ErrorKind::kClose, ""};
  }

  net::Task<Result<Arrival>> make_arrival(std::string text, FolderId folder = kInbox, FlagNames flags = {}) {
    const auto writer = engine_->new_blob();
    PABAL_CO_TRY_VOID(co_await writer->write(text));
    PABAL_CO_TRY(store::StagedBlob staged, co_await writer->finish());
    Arrival arrival;
    arrival.letter = {.blob = staged.id,
                      .blob_bytes = staged.size_bytes,
                      .received = loop_.clock().wall(),
                      .journey = journal_.new_id(),
                      .recipient = "bob@hamburger.edu"};
    arrival.blob = std::move(staged);
    arrival.entry.id = arrival.letter.journey;
    arrival.folder = folder;
    arrival.flags = std::move(flags);
    co_return std::move(arrival);
  }
  AppendedAll append(const std::vector<std::string>& texts, FolderId folder = kInbox, FlagNames flags = {}) {
    AppendAll all;
    for (const std::string& text : texts) all.letters.push_back(must(make_arrival(text, folder, flags)));
    return change(std::move(all));
  }
  /// So many small letters.
  void fill(FolderId folder, std::size_t count) {
    for (std::size_t done = 0; done < count;) {
      std::vector<std::string> texts;
      for (; done < count && texts.size() < 500; ++done) texts.push_back(fmt::format("letter {}\r\n", done));
      append(texts, folder);
    }
  }

  Table table(FolderId folder = kInbox) { return must(mailboxes_->open(kBob, folder)); }
  Folder folder(std::string_view path) {
    const Folders folders = must(mailboxes_->folders(kBob));
    const Folder* const found = folders ? folders->find_path(path) : nullptr;
    EXPECT_NE(found, nullptr) << path;
    return found ? *found : Folder{};
  }
  FolderId id_of(std::string_view path) { return folder(path).id; }
  std::vector<std::string> paths() {
    std::vector<std::string> out;
    const Folders folders = must(mailboxes_->folders(kBob));
    for (const Folder& each : folders->all()) out.push_back(folders->path_of(each));
    return out;
  }
  /// As another process would see it.
  void reopen() { mailboxes_ = make_mailboxes(); }
  std::unique_ptr<Mailboxes> make_mailboxes() {
    return std::make_unique<Mailboxes>(*engine_, journal_, loop_.clock(), options_);
  }

  static UidSet uids(std::uint32_t first, std::uint32_t last) { return UidSet({Uid(first), Uid(last)}); }
  static UidSet uids(std::uint32_t one) { return uids(one, one); }

  MailboxOptions options_;
  net::SimulatedLoop loop_;
  SilentJournal journal_;
  std::unique_ptr<store::Engine> engine_ = store::make_memory_engine();
  std::unique_ptr<Mailboxes> mailboxes_ = make_mailboxes();
};

/// What both can't differ in: rows without what only this node knows.
inline std::vector<Row> rows_of(const Table& table) {
  std::vector<Row> rows;
  if (table) table->for_each([&](std::size_t, const Row& row) { rows.push_back(row); });
  return rows;
}

}  // namespace pabal::mailbox
