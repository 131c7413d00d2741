#include "mailbox/mailboxes.h"

#include <mutex>

#include "base/lru_map.h"
#include "mailbox/log_ops.h"
#include "mailbox/writer.h"

namespace pabal::mailbox {

namespace {

// Accounts whose place in their log is remembered; the next letter to any other reads it first.
constexpr std::size_t kMaxWriters = 100'000;

}  // namespace

struct Mailboxes::Writers {
  std::mutex mutex;
  LruMap<account::AccountId, std::shared_ptr<Writer>> by_account{kMaxWriters};
};

Mailboxes::Mailboxes(store::Engine& engine, journey::Journal& journal, const Clock& clock,
                     MailboxOptions options)
    : engine_(engine),
      journal_(journal),
      clock_(clock),
      options_(options),
      writers_(std::make_unique<Writers>()) {}

Mailboxes::~Mailboxes() = default;

std::shared_ptr<Mailboxes::Writer> Mailboxes::writer_of(account::AccountId account) {
  const std::lock_guard lock(writers_->mutex);
  std::shared_ptr<Writer>& writer = writers_->by_account.find_or_add(account);
  if (!writer) writer = std::make_shared<Writer>(engine_, journal_, clock_, account);
  return writer;
}

net::Task<Result<Placed>> Mailboxes::append(account::AccountId account, Arrival arrival) {
  // Held, since the table may forget it meanwhile. Two writers of one account then meet in the store.
  const std::shared_ptr<Writer> writer = writer_of(account);
  co_return co_await writer->append(std::move(arrival));
}

net::Task<Result<Counters>> Mailboxes::load_counters(account::AccountId account) {
  PABAL_CO_TRY(const store::ScanPage last,
               co_await engine_.scan(account::partition_of(account), store::KeyRange::with_prefix(kLogPrefix),
                                     {.max_entries = 1, .reverse = true}));
  if (last.empty()) co_return Counters();
  const auto key = parse_log_key(last[0].key);
  std::optional<LogHead> head;
  if (key && key->part == 0) {
    head = decode_log_head(last[0].value);
  } else if (key) {
    PABAL_CO_TRY(const auto first,
                 co_await engine_.get_one(account::partition_of(account), log_key(key->change)));
    if (first) head = decode_log_head(first->bytes);
  }
  if (!head) co_return fail(ErrorKind::kCorrupt, "the log of account {} can't be read", account);
  co_return head->after;
}

net::Task<Result<LetterPage>> Mailboxes::list(account::AccountId account, LetterId after, std::size_t limit) {
  store::KeyRange range = store::KeyRange::with_prefix(kLetterPrefix);
  range.start = letter_key(LetterId(after.value() + 1));
  PABAL_CO_TRY(const store::ScanPage page,
               co_await engine_.scan(account::partition_of(account), range, {.max_entries = limit}));
  LetterPage out;
  out.more = page.next().has_value();
  for (std::size_t i = 0; i < page.size(); ++i) {
    const auto id = parse_letter_key(page[i].key);
    auto record = decode_letter_record(page[i].value);
    if (!id || !record) co_return fail(ErrorKind::kCorrupt, "a letter of account {} can't be read", account);
    out.items.push_back({*id, *std::move(record)});
  }
  co_return out;
}

net::Task<Result<std::optional<LetterRecord>>> Mailboxes::find(account::AccountId account, LetterId letter) {
  PABAL_CO_TRY(const auto value,
               co_await engine_.get_one(account::partition_of(account), letter_key(letter)));
  if (!value) co_return std::nullopt;
  auto record = decode_letter_record(value->bytes);
  if (!record) co_return fail(ErrorKind::kCorrupt, "letter {} of account {} can't be read", letter, account);
  co_return std::move(record);
}

net::Task<Result<std::string>> Mailboxes::read(LetterRecord letter, std::uint64_t offset, std::size_t size) {
  std::string out;
  if (offset < letter.preamble.size()) {
    out = letter.preamble.substr(offset, size);
    offset = letter.preamble.size();
  }
  if (out.size() < size) {
    PABAL_CO_TRY(const std::string rest,
                 co_await engine_.read_blob(letter.blob, offset - letter.preamble.size(), size - out.size()));
    out += rest;
  }
  co_return out;
}

}  // namespace pabal::mailbox
