// The tables of methods, one for each group of commands. admin_methods() joins them.
#pragma once

#include <vector>

#include "app/admin.h"

namespace pabal::app {

std::vector<Method> domain_methods();
std::vector<Method> account_methods();
std::vector<Method> app_password_methods();
std::vector<Method> alias_methods();
std::vector<Method> group_methods();
std::vector<Method> letter_methods();
std::vector<Method> journey_methods();
std::vector<Method> queue_methods();
std::vector<Method> store_methods();
std::vector<Method> server_methods();

}  // namespace pabal::app
