// What the server and a command that opens the store by itself both stand on: the store, the directory with
// its credentials, journeys and mailboxes. Built in the order in which the members stand.
#pragma once

#include <memory>

#include "account/credentials.h"
#include "account/directory.h"
#include "account/password.h"
#include "app/admin.h"
#include "app/config.h"
#include "app/journey_places.h"
#include "base/clock.h"
#include "base/random.h"
#include "journey/index.h"
#include "journey/live.h"
#include "journey/store_journal.h"
#include "mailbox/mailboxes.h"
#include "net/worker_pool.h"
#include "store/embedded.h"

namespace pabal::app {

class Core {
 public:
  /// Opens the store in the data directory, making it new if it is not there. Blocks. Everything given must
  /// outlive the core.
  static Result<std::unique_ptr<Core>> open(const Config& config, const Clock& clock, Random& random);

  store::EmbeddedEngine& store() { return *store_; }
  account::Directory& directory() { return directory_; }
  account::Credentials& credentials() { return credentials_; }
  journey::Live& live() { return live_; }
  journey::Index& journeys() { return journeys_; }
  journey::Places& journey_places() { return places_; }
  journey::Journal& journal() { return journal_; }
  mailbox::Mailboxes& mailboxes() { return mailboxes_; }

  /// `server` is null for a command.
  AdminServices admin_services(ServerControl* server = nullptr);

  Core(const Config& config, const Clock& clock, Random& random,
       std::unique_ptr<store::EmbeddedEngine> store);

 private:
  const Clock& clock_;
  Random& random_;
  std::unique_ptr<store::EmbeddedEngine> store_;
  std::unique_ptr<account::PasswordHasher> hasher_;
  net::WorkerPool hash_pool_;  // apart from other workers: its threads take much memory each
  account::Directory directory_;
  account::Credentials credentials_;
  journey::Live live_;
  JourneyPlaces places_;
  journey::Index journeys_;
  journey::StoreJournal journal_;
  mailbox::Mailboxes mailboxes_;
};

}  // namespace pabal::app
