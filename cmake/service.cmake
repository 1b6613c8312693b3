# service.cmake: the systemd unit of `semid serve` and its user, below the prefix, where systemd looks in /usr and /usr/local.
set(SEMID_BINARY ${CMAKE_INSTALL_FULL_BINDIR}/semid)
file(READ packaging/semid.service unit)
string(REPLACE "/usr/bin/semid" "${SEMID_BINARY}" unit "${unit}")
file(CONFIGURE OUTPUT ${PROJECT_BINARY_DIR}/semid.service CONTENT "${unit}" @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/semid.service DESTINATION lib/systemd/system COMPONENT semid)
install(FILES packaging/semid.sysusers DESTINATION lib/sysusers.d RENAME semid.conf COMPONENT semid)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS packaging/semid.service)
