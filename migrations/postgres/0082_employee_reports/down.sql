DROP TABLE employee_reports;
