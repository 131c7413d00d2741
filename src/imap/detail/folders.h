// The folders that a command names.
#pragma once

#include <string>

#include "imap/detail/session.h"
#include "mailbox/folder.h"

namespace pabal::imap::detail {

/// One folder of a list that is kept with it; null if there is none of that name.
struct FoundFolder {
  mailbox::Folders folders;
  const mailbox::Folder* folder = nullptr;

  explicit operator bool() const { return folder != nullptr; }
  const mailbox::Folder* operator->() const { return folder; }
  const mailbox::Folder& operator*() const { return *folder; }
};

/// Looks at what other nodes wrote first, so that a client sees what another of its devices did. What only
/// holds others' folders together is not found.
net::Task<Result<FoundFolder>> find_folder(Session& session, const std::string& path);
/// The same, those that are only there for others' sake too.
net::Task<Result<FoundFolder>> find_any_folder(Session& session, const std::string& path);

Reply no_such_folder();

}  // namespace pabal::imap::detail
