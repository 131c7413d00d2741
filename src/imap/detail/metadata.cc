#include "imap/detail/metadata.h"

#include "imap/grammar/mailbox_commands.h"
#include "imap/grammar/write_responses.h"

namespace pabal::imap::detail {
namespace {

mailbox::Metadata metadata_of(Session& session) { return {session.services().engine, session.account()}; }

}  // namespace

net::Task<Result<mailbox::MetadataEntries>> load_metadata(Session& session, const Home& home,
                                                          const mailbox::Folder& folder) {
  mailbox::Metadata metadata(session.services().engine, home.account);
  PABAL_CO_TRY(mailbox::MetadataEntries entries, co_await metadata.load(folder.id));
  if (!home.own())
    std::erase_if(entries, [](const auto& entry) { return is_private(entry.first); });
  else if (folder.use != mailbox::SpecialUse::kNone)
    entries.insert_or_assign(std::string(kSpecialUseEntry), special_use_attribute(folder.use));
  co_return entries;
}

net::Task<Result<mailbox::MetadataEntries>> load_server_metadata(Session& session) {
  mailbox::Metadata metadata = metadata_of(session);
  PABAL_CO_TRY(mailbox::MetadataEntries entries, co_await metadata.load(mailbox::kAccountMetadata));
  const ImapOptions& options = session.options();
  if (!options.admin_uri.empty()) entries.insert_or_assign("/shared/admin", options.admin_uri);
  if (!options.comment.empty()) entries.insert_or_assign("/shared/comment", options.comment);
  co_return entries;
}

void append_wanted(std::string& out, std::string_view path, const std::vector<std::string>& wanted,
                   const mailbox::MetadataEntries& entries, const Dialect& dialect) {
  MetadataWriter writer(out, path, dialect);
  for (const std::string& name : wanted) {
    const auto found = entries.find(name);
    writer.add(name, found == entries.end() ? nullptr : &found->second);
  }
  writer.finish();
}

Step tell_metadata(Session& session, std::optional<std::uint64_t> own) {
  mailbox::Metadata metadata = metadata_of(session);
  PABAL_CO_TRY(const auto news, co_await metadata.changes_since(session.metadata_told()));
  session.metadata_told() = news.last;
  if (news.changes.empty()) co_return Result<void>();
  PABAL_CO_TRY(const mailbox::Folders folders, co_await session.mailboxes().folders(session.account()));
  std::uint64_t number = news.last - news.changes.size();
  for (const auto& change : news.changes) {
    if (++number == own) continue;
    const bool of_account = change.folder == mailbox::kAccountMetadata;
    const mailbox::Folder* folder = folders->find(change.folder);
    if (folder == nullptr && !of_account) continue;
    append_metadata_changed(session.out(), of_account ? std::string() : folders->path_of(*folder),
                            change.entries, session.dialect());
  }
  co_return Result<void>();
}

}  // namespace pabal::imap::detail
