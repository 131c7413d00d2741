#include "imap/detail/folders.h"

#include <algorithm>

namespace pabal::imap::detail {
namespace {

/// `Shared/alice@example.org/Work` is her `Work`.
struct SharedName {
  std::string_view address;
  std::string_view path;
};

std::optional<SharedName> split_shared(std::string_view path) {
  const std::size_t name = mailbox::kSharedName.size();
  if (!path.starts_with(mailbox::kSharedName) || path.size() == name) return {};
  if (path[name] != mailbox::kPathSeparator) return {};
  path.remove_prefix(name + 1);
  const std::size_t end = std::min(path.find(mailbox::kPathSeparator), path.size());
  return SharedName{path.substr(0, end), path.substr(std::min(end + 1, path.size()))};
}

std::string prefix_of(const std::string& login) {
  return fmt::format("{}{}{}{}", mailbox::kSharedName, mailbox::kPathSeparator, login,
                     mailbox::kPathSeparator);
}

net::Task<Result<mailbox::Folders>> look_at(Session& session, account::AccountId account) {
  PABAL_CO_TRY_VOID(co_await session.mailboxes().sync(account));
  co_return co_await session.mailboxes().folders(account);
}

/// Without folders if nobody has that address, or the client himself does.
net::Task<Result<Home>> find_home(Session& session, std::string_view text) {
  Home out{.account = {}, .login = {}, .prefix = prefix_of(std::string(text))};
  auto address = account::Address::parse(text);
  if (!address) co_return out;
  PABAL_CO_TRY(const auto owner,
               co_await session.services().directory.find_account_by_address(*std::move(address)));
  if (!owner || owner->id == session.account()) co_return out;
  out.account = owner->id;
  out.login = owner->login().to_string();
  out.prefix = prefix_of(out.login);
  PABAL_CO_TRY(out.folders, co_await look_at(session, owner->id));
  co_return out;
}

bool gives_rights(const Home& home, account::AccountId client) {
  return std::ranges::any_of(home.folders->all(), [&](const mailbox::Folder& folder) {
    return !home.rights_on(folder, client).empty();
  });
}

}  // namespace

net::Task<Result<FoundFolder>> find_any_folder(Session& session, const std::string& path) {
  FoundFolder out;
  if (const auto shared = split_shared(path)) {
    PABAL_CO_TRY(out.home, co_await find_home(session, shared->address));
    out.path = shared->path;
    if (!out.home.folders) co_return out;
  } else {
    out.home = {.account = session.account(), .login = session.login(), .prefix = {}};
    PABAL_CO_TRY(out.home.folders, co_await look_at(session, session.account()));
    out.path = path;
  }
  if (auto normal = mailbox::normalize_path(out.path)) out.path = *std::move(normal);
  out.folder = out.home.folders->find_path(out.path);
  if (out) out.rights = out.home.rights_on(*out, session.account());
  co_return out;
}

net::Task<Result<FoundFolder>> find_folder(Session& session, const std::string& path) {
  PABAL_CO_TRY(FoundFolder out, co_await find_any_folder(session, path));
  if (out && out->placeholder) out.folder = nullptr;
  co_return out;
}

mailbox::Shares shares_of(Session& session) {
  return {session.services().engine, session.connection().loop().clock()};
}

net::Task<Result<std::vector<Home>>> find_homes(Session& session, bool with_shared) {
  std::vector<Home> out;
  PABAL_CO_TRY(auto own, co_await look_at(session, session.account()));
  out.push_back({.account = session.account(), .login = session.login(), .folders = std::move(own)});
  if (!with_shared) co_return out;
  mailbox::Shares shares = shares_of(session);
  PABAL_CO_TRY(const auto sharers, co_await shares.list(session.account()));
  for (const mailbox::Sharer& sharer : sharers) {
    PABAL_CO_TRY(const auto owner, co_await session.services().directory.find_account(sharer.owner));
    Home home{.account = sharer.owner};
    if (owner) {
      home.login = owner->login().to_string();
      home.prefix = prefix_of(home.login);
      PABAL_CO_TRY(home.folders, co_await look_at(session, sharer.owner));
    }
    // A "/" in an address would make another name of it.
    if (owner && home.login.find(mailbox::kPathSeparator) == std::string::npos &&
        gives_rights(home, session.account())) {
      home.subscribed = sharer.subscribed;
      out.push_back(std::move(home));
    } else {
      PABAL_CO_TRY_VOID(co_await shares.forget_old(session.account(), sharer.owner));
    }
  }
  std::ranges::sort(out, {}, &Home::prefix);
  co_return out;
}

mailbox::Rights rights_above(const Session& session, const FoundFolder& found) {
  if (found.home.own()) return mailbox::Rights::all();
  if (!found.home.folders) return {};  // there is nobody of that address
  std::string_view path = found.path;
  for (std::size_t end = path.rfind(mailbox::kPathSeparator); end != std::string_view::npos;
       end = path.rfind(mailbox::kPathSeparator)) {
    path = path.substr(0, end);
    const mailbox::Folder* above = found.home.folders->find_path(path);
    if (above != nullptr && !above->placeholder) return found.home.rights_on(*above, session.account());
  }
  return {};
}

StatusValues status_of(const Session& session, const Home& home, const mailbox::Folder& folder) {
  StatusValues out;
  out.messages = folder.letters;
  out.uid_next = folder.uid_next.value();
  out.uid_validity = folder.uid_validity;
  out.unseen = folder.unseen;
  out.deleted = folder.deleted;
  out.size = folder.bytes;
  out.highest_mod_seq = std::max(folder.mod_seq, mailbox::ModSeq(1));
  out.append_limit = session.options().max_letter_bytes;
  out.deleted_storage = folder.deleted_bytes;
  out.id = folder.id;
  out.owner = home.other();
  return out;
}

Reply no_such_folder() { return no("NONEXISTENT", "There is no mailbox of that name"); }
Reply no_permission() { return no("NOPERM", "You have no right to do that"); }

std::optional<Reply> refusal(const FoundFolder& found, mailbox::Rights needed, std::string_view code) {
  if (found && found.rights.has_all(needed)) return {};
  if (found && found.rights.has(mailbox::Right::kLookup)) return no_permission();
  if (code == "TRYCREATE") return no(code, "There is no mailbox of that name; CREATE it first");
  return no_such_folder();
}

}  // namespace pabal::imap::detail
