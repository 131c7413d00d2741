// Every method, and what must be in "using" for it.
#include <algorithm>

#include "jmap/methods/families.h"

namespace pabal::jmap::detail {
namespace {

constexpr Method kMethods[] = {
    {"Blob/get", kBlob, run_blob_get},
    {"Blob/lookup", kBlob, run_blob_lookup},
    {"Blob/upload", kBlob, run_blob_upload},
    {"Core/echo", kCore, run_echo, false},
    {"Email/changes", kMail, run_email_changes},
    {"Email/copy", kMail, run_email_copy},
    {"Email/get", kMail, run_email_get},
    {"Email/import", kMail, run_email_import},
    {"Email/parse", kMail, run_email_parse},
    {"Email/query", kMail, run_email_query},
    {"Email/queryChanges", kMail, run_email_query_changes},
    {"Email/set", kMail, run_email_set},
    {"EmailSubmission/changes", kSubmission, run_submission_changes},
    {"EmailSubmission/get", kSubmission, run_submission_get},
    {"EmailSubmission/query", kSubmission, run_submission_query},
    {"EmailSubmission/queryChanges", kSubmission, run_submission_query_changes},
    {"EmailSubmission/set", kSubmission, run_submission_set},
    {"Identity/changes", kSubmission, run_identity_changes},
    {"Identity/get", kSubmission, run_identity_get},
    {"Identity/set", kSubmission, run_identity_set},
    {"Mailbox/changes", kMail, run_mailbox_changes},
    {"Mailbox/get", kMail, run_mailbox_get},
    {"Mailbox/query", kMail, run_mailbox_query},
    {"Mailbox/queryChanges", kMail, run_mailbox_query_changes},
    {"Mailbox/set", kMail, run_mailbox_set},
    {"Quota/get", kQuota, run_quota_get},
    {"SearchSnippet/get", kMail, run_snippet_get},
    {"Thread/changes", kMail, run_thread_changes},
    {"Thread/get", kMail, run_thread_get},
    {"VacationResponse/get", kVacation, run_vacation_get},
    {"VacationResponse/set", kVacation, run_vacation_set},
};
static_assert(std::ranges::is_sorted(kMethods, {}, &Method::name));

}  // namespace

const Method* find_method(std::string_view name) {
  const auto found = std::ranges::lower_bound(kMethods, name, {}, &Method::name);
  return found != std::end(kMethods) && found->name == name ? found : nullptr;
}

}  // namespace pabal::jmap::detail
