// The methods, by family. Each is one row of methods/table.cc.
#pragma once

#include "jmap/detail/call.h"

namespace pabal::jmap::detail {

// core.cc
Answer run_echo(Call& call);
// mailbox_get.cc
Answer run_mailbox_get(Call& call);
Answer run_mailbox_changes(Call& call);
// mailbox_query.cc
Answer run_mailbox_query(Call& call);
Answer run_mailbox_query_changes(Call& call);
// mailbox_set.cc
Answer run_mailbox_set(Call& call);
// thread.cc
Answer run_thread_get(Call& call);
Answer run_thread_changes(Call& call);
// email_get.cc
Answer run_email_get(Call& call);
Answer run_email_changes(Call& call);
Answer run_email_parse(Call& call);
// email_query.cc
Answer run_email_query(Call& call);
Answer run_email_query_changes(Call& call);
// email_set.cc
Answer run_email_set(Call& call);
Answer run_email_import(Call& call);
Answer run_email_copy(Call& call);
// identity.cc
Answer run_identity_get(Call& call);
Answer run_identity_changes(Call& call);
Answer run_identity_set(Call& call);
Answer run_vacation_get(Call& call);
Answer run_vacation_set(Call& call);
// submission.cc
Answer run_submission_get(Call& call);
Answer run_submission_changes(Call& call);
Answer run_submission_query(Call& call);
Answer run_submission_query_changes(Call& call);
Answer run_submission_set(Call& call);
// snippet.cc
Answer run_snippet_get(Call& call);
// blob.cc
Answer run_blob_upload(Call& call);
Answer run_blob_get(Call& call);
Answer run_blob_lookup(Call& call);
Answer run_quota_get(Call& call);

}  // namespace pabal::jmap::detail
