#include "imap/detail/selected.h"

#include "imap/detail/notify.h"
#include "imap/detail/rows.h"
#include "imap/detail/search_contexts.h"
#include "imap/detail/session.h"
#include "imap/grammar/flags.h"
#include "imap/grammar/write_responses.h"
#include "mailbox/view.h"

namespace pabal::imap::detail {
namespace {

Positions positions_of(const mailbox::FolderTable& table, std::uint32_t first, std::uint32_t last,
                       Positions out) {
  const std::size_t begin = table.lower_bound(mailbox::Uid(first));
  const std::size_t end = last == UINT32_MAX ? table.size() : table.lower_bound(mailbox::Uid(last + 1));
  if (begin < end) out.push_back({static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end - 1)});
  return out;
}

}  // namespace

void Selected::see_flags_of(mailbox::Table later) {
  if (now) {
    for (const auto& range : mailbox::compare(*now, *later).vanished.ranges()) {
      now->for_each(mailbox::UidSet(range), [&](std::size_t, const mailbox::Row& row) {
        if (told->find(row.uid)) left_.insert_or_assign(row.uid, row);
      });
    }
  }
  now = std::move(later);
}

void Selected::see_all_of(mailbox::Table later) {
  told = std::move(later);
  now = nullptr;
  left_.clear();
}

const mailbox::Row& Selected::row_now(const mailbox::Row& row) const {
  if (!now) return row;
  if (const auto position = now->find(row.uid)) return (*now)[*position];
  const auto gone = left_.find(row.uid);
  return gone == left_.end() ? row : gone->second;
}

Result<Positions> find_positions(const Selected& selected, const SequenceSet& set, bool by_uid) {
  const mailbox::FolderTable& table = *selected.told;
  Positions out;
  if (set.is_saved()) {
    for (const auto& range : selected.found.ranges())
      out = positions_of(table, range.first.value(), range.last.value(), std::move(out));
    return out;
  }
  if (table.empty()) return out;
  if (by_uid) {
    const std::uint32_t largest = table[table.size() - 1].uid.value();
    for (const NumberRange& range : set.resolve(largest))
      out = positions_of(table, range.first, range.last, std::move(out));
    return out;
  }
  if (set.largest_named() > table.size()) {
    return fail(ErrorKind::kRefuse, "There is no letter {} here: the mailbox has {}", set.largest_named(),
                table.size());
  }
  out = set.resolve(static_cast<std::uint32_t>(table.size()));
  for (NumberRange& range : out) range = {range.first - 1, range.last - 1};
  return out;
}

mailbox::UidSet uids_of(const mailbox::FolderTable& table, const Positions& positions) {
  mailbox::UidSet out;
  for (const NumberRange& range : positions) {
    for_each_row(table, range, [&](std::size_t, const mailbox::Row& row) { out.add(row.uid); });
  }
  return out;
}

// RFC 9051 §7.4.1, §7.5.1. Flags go first, under the numbers that the client knows; removals and new letters
// go together, or not at all while numbers must stay what they are.
Step Session::tell_changes(bool may_renumber, bool look_elsewhere, bool flags_are_news) {
  Selected& view = *selected_;
  mailbox::Table now = mailboxes().find_open(view.account, view.folder);
  // News of this node come first; only where there are none is the store asked for those of others.
  const bool is_news = now && now->mod_seq() > (view.told ? view.told->mod_seq() : view.told_at);
  // Rights must not be older than what woke us.
  const bool is_guest = view.account != account_;
  if (look_elsewhere && (!is_news || is_guest)) {
    std::ignore = co_await mailboxes().sync(view.account);
    now = mailboxes().find_open(view.account, view.folder);
  }
  if (is_guest) {
    PABAL_CO_TRY_VOID(co_await renew_rights());
    if (ending_) co_return Result<void>();
  }
  if (!now) {
    auto opened = co_await mailboxes().open(view.account, view.folder);
    const bool gone = !opened && opened.error().kind == ErrorKind::kRefuse;
    if (!opened && !gone && view.wake_up()) co_return Result<void>();  // told later
    if (!opened) {
      // Nobody can go on in a folder that is gone (RFC 2180 §3.3), or whose numbers nobody knows.
      out_ += gone ? "* BYE The mailbox was deleted\r\n" : "* BYE [UNAVAILABLE] Come again later\r\n";
      end(SessionSummary::End::kThrownOut,
          gone ? "the selected mailbox was deleted" : "the selected mailbox can't be read");
      co_return Result<void>();
    }
    now = *std::move(opened);
  }
  view.wake_up();
  if (now == view.told) co_return Result<void>();
  mailbox::ViewDifference news;
  if (view.told) {
    news = mailbox::compare(*view.told, *now, view.flags_told);
  } else {
    const auto told = co_await mailboxes().uids_at(view.account, view.folder, view.told_at);
    if (!told) {
      out_ += "* BYE Too much happened while you slept; come again\r\n";
      end(SessionSummary::End::kThrownOut, "the log does not go back to what the client knows");
      co_return Result<void>();
    }
    news = mailbox::compare(*told, *now, view.flags_told);
  }
  if (!flags_are_news && news.expunged.empty() && news.first_new == now->size()) co_return Result<void>();
  PABAL_CO_TRY(const RowStyle style, co_await row_style());
  tell_keywords(style);
  for (const auto& changed : news.changed) {
    append_row(out_, style, changed.told, (*now)[changed.now], bit_of(FetchItem::kFlags));
    PABAL_CO_TRY_VOID(co_await flush());
  }
  view.flags_told = now->mod_seq();
  if (!may_renumber && !enabled_.uid_only && !news.expunged.empty()) {
    view.see_flags_of(std::move(now));
    co_return Result<void>();
  }
  PABAL_CO_TRY(const ContextNews results, co_await look_at_contexts(*this, now));
  out_ += results.removed;
  if (enabled_.qresync || enabled_.uid_only) {
    append_vanished(out_, news.vanished, false);
  } else {
    for (const std::uint32_t number : news.expunged) {
      out_ += "* ";
      append_number(out_, number);
      out_ += " EXPUNGE\r\n";
      PABAL_CO_TRY_VOID(co_await flush());
    }
  }
  if (news.first_new < now->size()) out_ += fmt::format("* {} EXISTS\r\n", now->size());
  out_ += results.added;
  view.see_all_of(std::move(now));
  if (notifier_) co_return co_await notifier_->tell_arrivals(*this, news.first_new);
  co_return Result<void>();
}

// Clients must know a keyword before they see it (RFC 9051 §7.3.5).
void Session::tell_keywords(const RowStyle& style) {
  if (style.keywords.size() <= selected_->keywords_told) return;
  selected_->keywords_told = style.keywords.size();
  append_flags_here(out_, style.keywords, selected_->changeable());
}

// RFC 4314 §5.1.1. What was taken back while the folder is open holds from the next command on.
Step Session::renew_rights() {
  Selected& view = *selected_;
  PABAL_CO_TRY(const mailbox::Folders folders, co_await mailboxes().folders(view.account));
  const mailbox::Folder* folder = folders->find(view.folder);
  if (folder == nullptr) co_return Result<void>();  // whoever tells changes tells that too
  const mailbox::Rights rights = folder->acl.rights_of(account_);
  if (!rights.has(mailbox::Right::kRead)) {
    out_ += "* BYE You may not read this mailbox any more\r\n";
    end(SessionSummary::End::kThrownOut, "the right to read the selected mailbox was taken back");
  } else if (rights != view.rights) {
    view.rights = rights;
    append_flags_here(out_, folder->keywords.names(), view.changeable());
  }
  co_return Result<void>();
}

net::Task<Result<RowStyle>> Session::row_style() {
  const account::AccountId account = selected_->account;
  mailbox::Folders folders = mailboxes().find_folders(account);
  if (!folders) {
    PABAL_CO_TRY(folders, co_await mailboxes().folders(account));
  }
  const mailbox::Folder* folder = folders->find(selected_->folder);
  RowStyle style;
  if (folder != nullptr) style.keywords = folder->keywords.names();
  style.folders = std::move(folders);
  if (account != account_) style.owner = account;
  style.with_uid = tells_uids();
  style.with_mod_seq = enabled_.condstore;
  style.uid_only = enabled_.uid_only;
  co_return style;
}

}  // namespace pabal::imap::detail
