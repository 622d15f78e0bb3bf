# What is installed where, and the Debian package of it. scripts/package makes the packages.

install(TARGETS hearth hearthtool RUNTIME DESTINATION bin)
install(FILES deploy/prometheus.yml DESTINATION /etc/hearth)
install(FILES deploy/debian/default RENAME hearth DESTINATION /etc/default)
install(FILES deploy/debian/hearth.service DESTINATION /lib/systemd/system)
install(FILES deploy/debian/copyright DESTINATION share/doc/hearth)
install(FILES deploy/completions/hearth.bash RENAME hearth DESTINATION share/bash-completion/completions)
install(FILES deploy/completions/_hearth DESTINATION share/zsh/vendor-completions)
install(FILES deploy/completions/hearth.fish DESTINATION share/fish/vendor_completions.d)
# Scripts that call Prometheus' names find them in this folder.
install(CODE "
  file(MAKE_DIRECTORY \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/lib/hearth\")
  foreach(pair \"prometheus;hearth\" \"promtool;hearthtool\")
    list(GET pair 0 link)
    list(GET pair 1 program)
    file(CREATE_LINK \"../../bin/\${program}\" \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/lib/hearth/\${link}\" SYMBOLIC)
  endforeach()")
# Manual pages are what the programs say of themselves, where help2man is installed.
find_program(HELP2MAN help2man)
if(HELP2MAN)
  foreach(program hearth hearthtool)
    set(page ${CMAKE_BINARY_DIR}/man/${program}.1)
    add_custom_command(OUTPUT ${page}
      COMMAND ${CMAKE_COMMAND} -E make_directory ${CMAKE_BINARY_DIR}/man
      COMMAND ${HELP2MAN} --no-info --no-discard-stderr --include=${CMAKE_SOURCE_DIR}/deploy/man/${program}.h2m
        --output=${page} $<TARGET_FILE:${program}>
      DEPENDS ${program} deploy/man/${program}.h2m)
    list(APPEND pages ${page})
  endforeach()
  add_custom_target(man DEPENDS ${pages})
  install(FILES ${pages} DESTINATION share/man/man1 OPTIONAL)
endif()

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME hearth)
set(CPACK_PACKAGE_CONTACT "Hearth's authors <hearth@localhost>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "Prometheus-compatible monitoring system and time series database")
set(CPACK_PACKAGE_DESCRIPTION
  "Hearth scrapes metrics, keeps them, and answers PromQL: a drop-in for the Prometheus server in C++, with the same
 configuration, flags, HTTP API and data directory.")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "adduser, init-system-helpers (>= 1.54), ca-certificates")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA
  "${CMAKE_SOURCE_DIR}/deploy/debian/conffiles;${CMAKE_SOURCE_DIR}/deploy/debian/postinst;${CMAKE_SOURCE_DIR}/deploy/debian/prerm;${CMAKE_SOURCE_DIR}/deploy/debian/postrm")
include(CPack)
