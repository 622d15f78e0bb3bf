// Hashes of passwords as basic_auth_users has them: "$2y$10$" + 22 letters of salt + 31 of the
// hash.
#pragma once

#include <string>

namespace hearth {

// Throws Error(kBadData) in the words of Go's bcrypt for what cannot be such a hash.
void check_bcrypt_hash(const std::string& hash);

// The logarithm of what a check costs: 10 is 50 ms. Requires: check_bcrypt_hash().
int bcrypt_cost(const std::string& hash);

// Takes as long for a wrong password as for the right one. Thread-safe.
bool bcrypt_matches(const std::string& hash, const std::string& password);

}  // namespace hearth
