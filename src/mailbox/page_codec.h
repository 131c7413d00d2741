// A page of a folder's table as it is stored: columns, each coded by its differences, so that a letter takes
// about eight bytes. And which pages a checkpoint writes.
//
// Pure; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "mailbox/folder_table.h"
#include "mailbox/ids.h"
#include "mailbox/uid_set.h"

namespace pabal::mailbox {

/// Rows of a folder as they were after the change `as_of`: all that it then had from the first row's UID to
/// the last row's.
struct StoredPage {
  ModSeq as_of;
  std::vector<Row> rows;
  bool operator==(const StoredPage&) const = default;
};

/// 1 to kMaxPageRows rows, ascending. Always far below store::kMaxValueBytes.
std::string encode_page(ModSeq as_of, std::span<const Row> rows);
std::optional<StoredPage> decode_page(std::string_view bytes);

/// What a stored page covers, read without its rows.
struct PageHead {
  ModSeq as_of;
  UidSet::Range uids;
  std::uint32_t rows = 0;
  bool operator==(const PageHead&) const = default;
};
std::optional<PageHead> decode_page_head(std::string_view bytes);

/// The pages in order, without the rows that younger ones hide: a page speaks for all UIDs from its first
/// row's to its last one's. Nothing overlaps then. Only a checkpoint that did not end leaves any such.
std::vector<StoredPage> hide_older(std::vector<StoredPage> pages);

/// What is to be done so that the stored pages hold all of a table.
struct PagePlan {
  std::vector<std::size_t> puts;      ///< pages of the table, ascending
  std::vector<UidSet::Range> erases;  ///< stored ones that are nobody's any more
};
/// `stored`: all pages of the folder that are stored, in any order. It does not matter who wrote them, or
/// whether they were all written.
///
/// Puts in their order, in as many batches as it takes, then erases, then the checkpoint: so a table can be
/// loaded at any moment between (TableBuilder), since younger pages hide older ones, and what a younger one
/// should have and a crash kept away is still in an older one and in the log. Batches should expect the
/// checkpoint's version: two nodes must not do this at once.
PagePlan plan_pages(const FolderTable& table, std::span<const PageHead> stored);

}  // namespace pabal::mailbox
