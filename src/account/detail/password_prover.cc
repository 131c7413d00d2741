#include "account/detail/password_prover.h"

#include "base/cursor.h"
#include "base/digest.h"

namespace pabal::account::detail {

PasswordProver::PasswordProver(const PasswordHasher& hasher, net::WorkerPool& pool, const Clock& clock,
                               Random& random, ProverOptions options)
    : hasher_(hasher),
      pool_(pool),
      clock_(clock),
      options_(options),
      process_key_(random.bytes(sizeof(Sha256::Digest))),
      proven_until_(options.max_proven) {}

PasswordProver::Key PasswordProver::key_of(std::string_view subject, std::string_view stored,
                                           const Secret& password) const {
  std::string message;
  append_sized(message, subject);
  append_sized(message, stored);
  append_sized(message, password.reveal());
  const Sha256::Digest digest = hmac_sha256(process_key_, message);
  wipe(message);
  return {digest.data(), digest.size()};
}

net::Task<Result<PasswordProver::Answer>> PasswordProver::prove(std::string_view subject,
                                                                std::string_view stored,
                                                                const Secret& password) {
  Key key = key_of(subject, stored, password);
  Waiter waiter;
  bool is_first = false;
  {
    const std::scoped_lock lock(mutex_);
    if (const MonoTime* until = proven_until_.find(key); until != nullptr && clock_.mono() < *until) {
      co_return Answer::kProvenBefore;
    }
    const auto [at, added] = waiting_.try_emplace(key);
    at->second.push_back(&waiter);
    is_first = added;
  }
  if (is_first) {
    auto job = std::make_unique<Job>(Job{key, std::string(stored), password.copy()});
    // The job touches this object last when it takes its waiters out, and they keep it alive until then.
    const bool accepted = pool_.submit([this, job = std::move(job)] { finish(job->key, work(*job)); });
    if (!accepted) finish(key, fail(ErrorKind::kOverLimit, "too many logins at once"));
  }
  co_return co_await waiter;
}

Result<PasswordProver::Answer> PasswordProver::work(const Job& job) const {
  if (job.stored.empty()) {
    // One hash too; its outcome is of no use.
    PABAL_TRY_VOID(hasher_.hash(job.password.reveal()));
    return Answer::kWrong;
  }
  PABAL_TRY(const bool fits, hasher_.verify(job.stored, job.password.reveal()));
  return fits ? Answer::kProvenNow : Answer::kWrong;
}

void PasswordProver::finish(const Key& key, const Result<Answer>& answer) {
  std::vector<Waiter*> waiters;
  {
    const std::scoped_lock lock(mutex_);
    const auto at = waiting_.find(key);
    waiters = std::move(at->second);
    waiting_.erase(at);
    if (answer == Answer::kProvenNow)
      proven_until_.find_or_add(key) = clock_.mono() + options_.proven_lifetime;
  }
  // One of them is told that the hash is fresh, so that one renews an outdated one.
  for (std::size_t i = 0; i < waiters.size(); ++i) {
    const bool is_other = i > 0 && answer == Answer::kProvenNow;
    waiters[i]->set(is_other ? Result<Answer>(Answer::kProvenBefore) : answer);
  }
}

}  // namespace pabal::account::detail
