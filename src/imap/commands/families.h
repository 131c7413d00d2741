// The families of commands, one file each; table.cc puts them into rows.
#pragma once

#include "imap/detail/session.h"

namespace pabal::imap::detail {

// any.cc: allowed at any time (RFC 9051 §6.1), and ID, ENABLE, NAMESPACE
Answer run_capability(Session& session, Request request);
Answer run_noop(Session& session, Request request);
Answer run_logout(Session& session, Request request);
Answer run_id(Session& session, Request request);
Answer run_enable(Session& session, Request request);
Answer run_namespace(Session& session, Request request);

// login.cc
Answer run_starttls(Session& session, Request request);
Answer run_login(Session& session, Request request);
Answer run_authenticate(Session& session, Request request);

// list.cc
Answer run_list(Session& session, Request request);
Answer run_lsub(Session& session, Request request);
Answer run_status(Session& session, Request request);

// folders.cc
Answer run_create(Session& session, Request request);
Answer run_delete(Session& session, Request request);
Answer run_rename(Session& session, Request request);
Answer run_subscribe(Session& session, Request request);
Answer run_unsubscribe(Session& session, Request request);

// select.cc
Answer run_select(Session& session, Request request);
Answer run_examine(Session& session, Request request);
Answer run_close(Session& session, Request request);
Answer run_unselect(Session& session, Request request);

// idle.cc
Answer run_idle(Session& session, Request request);

// fetch.cc
Answer run_fetch(Session& session, Request request);
/// Tells those items of some letters, unasked, and sets no \Seen.
Step fetch_letters(Session& session, FetchItems items, Positions positions);

// store.cc
Answer run_store(Session& session, Request request);
Answer run_expunge(Session& session, Request request);
Answer run_uid_expunge(Session& session, Request request);

// transfer.cc
Answer run_copy(Session& session, Request request);
Answer run_move(Session& session, Request request);

// append.cc
Answer run_append(Session& session, Request request);
Answer run_replace(Session& session, Request request);

// compress.cc
Answer run_compress(Session& session, Request request);

// sort.cc
Answer run_sort(Session& session, Request request);
Answer run_thread(Session& session, Request request);

// search.cc
Answer run_search(Session& session, Request request);
Answer run_esearch(Session& session, Request request);
Answer run_cancelupdate(Session& session, Request request);

// acl.cc
Answer run_setacl(Session& session, Request request);
Answer run_deleteacl(Session& session, Request request);
Answer run_getacl(Session& session, Request request);
Answer run_listrights(Session& session, Request request);
Answer run_myrights(Session& session, Request request);

// notify.cc
Answer run_notify(Session& session, Request request);

// quota.cc
Answer run_getquota(Session& session, Request request);
Answer run_getquotaroot(Session& session, Request request);

// metadata.cc
Answer run_getmetadata(Session& session, Request request);
Answer run_setmetadata(Session& session, Request request);

}  // namespace pabal::imap::detail
