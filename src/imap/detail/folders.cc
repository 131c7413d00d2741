#include "imap/detail/folders.h"

namespace pabal::imap::detail {

net::Task<Result<FoundFolder>> find_any_folder(Session& session, const std::string& path) {
  PABAL_CO_TRY_VOID(co_await session.mailboxes().sync(session.account()));
  FoundFolder out;
  PABAL_CO_TRY(out.folders, co_await session.mailboxes().folders(session.account()));
  if (const auto normal = mailbox::normalize_path(path)) out.folder = out.folders->find_path(*normal);
  co_return out;
}

net::Task<Result<FoundFolder>> find_folder(Session& session, const std::string& path) {
  PABAL_CO_TRY(FoundFolder out, co_await find_any_folder(session, path));
  if (out && out->placeholder) out.folder = nullptr;
  co_return out;
}

Reply no_such_folder() { return no("NONEXISTENT", "There is no mailbox of that name"); }

}  // namespace pabal::imap::detail
