// The mailbox's stored records: a damaged disk gives an error, never a crash; what is read is written back
// the same; and tables made of pages and log records that can't be together are tables all the same.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "mailbox/log_ops.h"
#include "mailbox/metadata.h"
#include "mailbox/page_codec.h"
#include "mailbox/records.h"
#include "mailbox/table_change.h"
#include "mailbox/thread_ids.h"
#include "mailbox/view.h"

using namespace pabal;
using namespace pabal::mailbox;

namespace {

/// What was decoded must survive another round.
template <class Decoded, class Encode, class Decode>
void check_round(const Decoded& decoded, Encode encode, Decode decode) {
  if (!decoded) return;
  const auto again = decode(encode(*decoded));
  PABAL_CHECK(again && *again == *decoded);
}

std::optional<LogRecord> read_log(std::string_view value) {
  const auto head = decode_log_head(value);
  if (!head) return std::nullopt;
  LogReader reader;
  auto record = reader.read(log_key(head->after.last_change), value);
  return record ? *std::move(record) : std::nullopt;
}

void check_table(const FolderTable& table) {
  Uid before;
  std::size_t count = 0;
  table.for_each([&](std::size_t position, const Row& row) {
    PABAL_CHECK(position == count && before < row.uid);
    PABAL_CHECK(count % 97 != 0 || table.find(row.uid) == position);
    before = row.uid;
    ++count;
  });
  PABAL_CHECK(count == table.size());
  for (std::size_t i = 0; i < table.page_count(); ++i) {
    PABAL_CHECK(!table.page(i).rows.empty() && table.page(i).rows.size() <= kMaxPageRows);
  }
}

/// The input as values with a length of two bytes each: pages, and log records in whatever order they come.
void make_table(std::string_view input) {
  std::vector<StoredPage> pages;
  std::vector<LogRecord> records;
  while (input.size() > 2 && pages.size() + records.size() < 20) {
    const std::size_t size = static_cast<std::uint8_t>(input[0]) * 256U + static_cast<std::uint8_t>(input[1]);
    const std::string_view value = input.substr(2, size);
    input.remove_prefix(std::min(input.size(), size + 2));
    if (auto page = decode_page(value)) pages.push_back(*std::move(page));
    if (auto record = read_log(value); record && record->operations.size() < 20)
      records.push_back(*std::move(record));
  }
  std::vector<PageHead> heads;
  for (const StoredPage& page : pages) {
    heads.push_back({page.as_of,
                     {page.rows.front().uid, page.rows.back().uid},
                     static_cast<std::uint32_t>(page.rows.size())});
  }
  TableBuilder builder(kInbox, std::move(pages));
  Table told = builder.freeze({});
  check_table(*told);
  plan_pages(*told, heads);
  for (const LogRecord& record : records) {
    builder.replay(record);
    const Table now = builder.freeze(record.after.last_change);
    check_table(*now);
    compare(*told, *now);
    compare(told->uids(), *now, told->mod_seq());
    told = now;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const auto encode_one = [](const auto& record) { return encode(record); };
  check_round(decode_letter_record(input), encode_one, decode_letter_record);
  check_round(decode_folder(input), encode_one, decode_folder);
  check_round(decode_metadata_entries(input), encode_one, decode_metadata_entries);
  check_round(decode_metadata_state(input), encode_one, decode_metadata_state);
  check_round(decode_thread_member(input), encode_one, decode_thread_member);
  check_round(decode_checkpoint(input), encode_checkpoint, decode_checkpoint);
  check_round(
      decode_page(input), [](const StoredPage& page) { return encode_page(page.as_of, page.rows); },
      decode_page);
  if (const auto record = read_log(input)) {
    const auto values = encode(*record);
    PABAL_CHECK(values || record->operations.size() > 0);
    if (values && values->size() == 1) PABAL_CHECK(read_log(values->front()) == record);
  }
  make_table(input);
  return 0;
}
