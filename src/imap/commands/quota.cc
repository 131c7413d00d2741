// GETQUOTA and GETQUOTAROOT (RFC 9208). An account has one root, which is all of it; who sets limits is the
// operator.
#include "imap/commands/families.h"
#include "imap/detail/folders.h"
#include "imap/grammar/admin_commands.h"
#include "imap/grammar/mailbox_commands.h"
#include "imap/grammar/mailbox_name.h"

namespace pabal::imap::detail {
namespace {

/// RFC 9208 §5.1.
constexpr std::uint64_t kStorageUnit = 1024;

net::Task<Result<void>> tell_quota(Session& session) {
  PABAL_CO_TRY(const auto limit, co_await session.services().directory.load_quota_limit(session.account()));
  PABAL_CO_TRY(const auto counters, co_await session.mailboxes().load_counters(session.account()));
  session.out() += "* QUOTA \"\" (";
  if (limit.bytes()) {
    session.out() += fmt::format("STORAGE {} {}", (counters.used_bytes + kStorageUnit - 1) / kStorageUnit,
                                 *limit.bytes() / kStorageUnit);
  }
  session.out() += ")\r\n";
  co_return Result<void>();
}

}  // namespace

Answer run_getquota(Session& session, Request request) {
  Cursor in = request.arguments();
  const auto root = parse_getquota(in, session.dialect());
  if (!root) co_return bad(root.error().detail);
  if (!root->empty()) co_return no("NONEXISTENT", "There is no quota root of that name");
  if (const auto told = co_await tell_quota(session); !told) co_return reply_for(told.error());
  co_return ok("That is how it stands");
}

Answer run_getquotaroot(Session& session, Request request) {
  Cursor in = request.arguments();
  const auto path = parse_one_mailbox(in, session.dialect());
  if (!path) co_return bad(path.error().detail);
  const auto folder = co_await find_folder(session, *path);
  if (!folder) co_return reply_for(folder.error());
  if (auto refused = refusal(*folder, {mailbox::Right::kRead})) co_return *std::move(refused);
  session.out() += "* QUOTAROOT ";
  append_mailbox(session.out(), *path, session.dialect());
  // How much others keep is theirs to know.
  session.out() += folder->home.own() ? " \"\"\r\n" : "\r\n";
  if (!folder->home.own()) co_return ok("It counts where it is");
  if (const auto told = co_await tell_quota(session); !told) co_return reply_for(told.error());
  co_return ok("That is how it stands");
}

}  // namespace pabal::imap::detail
