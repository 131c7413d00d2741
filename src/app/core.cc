#include "app/core.h"

#include "app/backup.h"

namespace pabal::app {
namespace {

store::EmbeddedOptions store_options(const Config& config) {
  return {.directory = store_in(config.server.data_dir),
          .create_if_missing = true,
          .cache_bytes = config.store.cache,
          .write_buffer_bytes = config.store.write_buffer,
          .reserve_bytes = config.store.reserve,
          .reader_threads = config.store.reader_threads};
}

account::QuotaLimit default_quota(const Config& config) {
  const std::uint64_t bytes = config.account.default_quota;
  return bytes == 0 ? account::QuotaLimit::unlimited() : account::QuotaLimit::of_bytes(bytes);
}

mailbox::MailboxOptions mailbox_options(const Config& config) {
  return {.cache_bytes = config.mailbox.cache,
          .keep_log = std::chrono::ceil<std::chrono::seconds>(config.mailbox.keep_log),
          .grace = std::chrono::ceil<std::chrono::seconds>(config.mailbox.grace)};
}

account::CredentialsOptions credentials_options(const Config& config) {
  return {
      .store_scram_keys = config.account.scram.enabled,
      .scram_iterations = config.account.scram.iterations,
      .proven_lifetime = std::chrono::floor<std::chrono::seconds>(config.account.password.proven_lifetime),
      .max_proven = config.account.password.max_proven,
      .refuse_weak = config.account.password.refuse_weak};
}

}  // namespace

Core::Core(const Config& config, const Clock& clock, Random& random,
           std::unique_ptr<store::EmbeddedEngine> store)
    : clock_(clock),
      random_(random),
      store_(std::move(store)),
      hasher_(account::make_argon2id_hasher({.memory_bytes = config.account.password.argon2_memory,
                                             .passes = config.account.password.argon2_passes})),
      hash_pool_({.name = "hash",
                  .threads = config.account.password.hash_threads,
                  .max_queued = config.account.password.hash_queue}),
      directory_(*store_, clock_,
                 {.default_quota = default_quota(config), .max_cache_bytes = config.account.directory_cache}),
      credentials_(directory_, *hasher_, hash_pool_, clock_, random_, credentials_options(config)),
      live_(clock_),
      places_(directory_),
      journeys_(*store_, places_),
      journal_(clock_, random_, journeys_, live_),
      mailboxes_(*store_, journal_, clock_, mailbox_options(config)) {}

Result<std::unique_ptr<Core>> Core::open(const Config& config, const Clock& clock, Random& random) {
  PABAL_TRY(auto store, store::open_embedded(store_options(config)));
  return std::make_unique<Core>(config, clock, random, std::move(store));
}

AdminServices Core::admin_services(ServerControl* server) {
  return {.clock = clock_,
          .random = random_,
          .store = *store_,
          .directory = directory_,
          .credentials = credentials_,
          .mailboxes = &mailboxes_,
          .server = server,
          .journeys = &live_};
}

}  // namespace pabal::app
